import type { FlagRow } from '#contracts/flagRows';
import { useAsk } from '../../api/useAsk.ts';
import { Answered, Empty, Standing } from '../../ui/parts.tsx';
import { chosen } from '../../url/place.ts';
import { Link } from '../../url/Link.tsx';
import { go, usePlace } from '../../url/usePlace.ts';
import { factsText, flagMeaning, flagName, pairsOf } from './flags.ts';

/** What needs a look, with the events that it stands on. */
export function Flags() {
  const place = usePlace();
  const { party, rule } = place.choices;
  const answer = useAsk<FlagRow>('flags');
  const all = answer.rows ?? [];
  const shown = all.filter(
    (flag) => (party === undefined || flag.parties.includes(party)) && (rule === undefined || flag.rule === rule),
  );
  return (
    <div className="view">
      <header>
        <div>
          <h1>What needs a look</h1>
          <Standing sequence={answer.sequence} known={place.known} />
        </div>
        <div className="tools no-print">
          <Filter label="Rule" name="rule" options={[...new Set(all.map((flag) => flag.rule))]} text={flagName} />
          <Filter label="Party" name="party" options={[...new Set(all.flatMap(({ parties }) => parties))]} />
        </div>
      </header>
      <section className="panel">
        <Answered
          answer={answer}
          what="the flags"
          empty={
            <Empty title="Nothing needs a look">
              <p>No rule has raised a flag at this moment.</p>
            </Empty>
          }
        >
          {() => <FlagTable flags={shown} pairs={pairsOf(all)} />}
        </Answered>
      </section>
    </div>
  );
}

interface FilterProps {
  readonly label: string;
  readonly name: string;
  readonly options: readonly string[];
  readonly text?: (option: string) => string;
}

function Filter({ label, name, options, text = (option) => option }: FilterProps) {
  const place = usePlace();
  return (
    <label className="field">
      {label}
      <select
        value={place.choices[name] ?? ''}
        onChange={(event) => {
          go(chosen(place, { [name]: event.target.value === '' ? undefined : event.target.value }));
        }}
      >
        <option value="">All</option>
        {options.toSorted().map((option) => (
          <option key={option} value={option}>
            {text(option)}
          </option>
        ))}
      </select>
    </label>
  );
}

function FlagTable({
  flags,
  pairs,
}: {
  readonly flags: readonly FlagRow[];
  readonly pairs: ReadonlyMap<string, number>;
}) {
  const place = usePlace();
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Flags">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Flag</th>
            <th scope="col">Parties</th>
            <th scope="col">Item</th>
            <th scope="col">What the rule saw</th>
            <th scope="col">Events</th>
          </tr>
        </thead>
        <tbody>
          {flags.map((flag) => (
            <tr key={flag.flag}>
              <th scope="row">
                {flagName(flag.rule)}
                <div className="soft small">{flagMeaning[flag.rule]}</div>
              </th>
              <td>
                {flag.parties.join(', ')}
                <Again times={pairs.get(flag.parties.toSorted().join(' ')) ?? 1} />
              </td>
              <td>{flag.item ?? ''}</td>
              <td className="small">{factsText(flag.facts)}</td>
              <td className="mono small">
                {flag.events.map((sequence) => (
                  <span key={sequence}>
                    <Link to={{ ...place, view: 'flags', at: undefined, known: sequence }}>#{sequence}</Link>{' '}
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Again = ({ times }: { readonly times: number }) =>
  times < 2 ? null : <div className="soft small">not the first time: {times} flags of these two</div>;
