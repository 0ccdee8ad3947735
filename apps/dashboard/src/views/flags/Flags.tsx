import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ActivityRow } from '#contracts/activityRows';
import type { FlagRow } from '#contracts/flagRows';
import { askPage } from '../../api/client.ts';
import { ledgerPath } from '../../api/paths.ts';
import { useAsk } from '../../api/useAsk.ts';
import { EventList } from '../../event/EventLink.tsx';
import { useTicks } from '../../time/useTicks.ts';
import { Empty } from '../../ui/parts.tsx';
import { ChooseWay, Filter, Heads, TablePanel, View, wayOf, type Ways } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { usePlace } from '../../url/usePlace.ts';
import { FlagGroups } from './Groups.tsx';
import { factsText, flagMeaning, flagName, groupsOf, pairsOf, sinceOf } from './flags.ts';

type Shape = 'flags' | 'party' | 'pair';
const shapes: Ways<Shape> = [
  ['flags', 'One by one'],
  ['party', 'By party'],
  ['pair', 'By two parties'],
];

/** What needs a look, with the events that it stands on. */
export function Flags() {
  const place = usePlace();
  const { party, rule, with: other } = place.choices;
  const shape = wayOf(place.choices.show, shapes);
  const answer = useAsk<FlagRow>('flags');
  const all = answer.rows ?? [];
  const shown = all.filter(
    (flag) =>
      (party === undefined || flag.parties.includes(party)) &&
      (other === undefined || flag.parties.includes(other)) &&
      (rule === undefined || flag.rule === rule),
  );
  return (
    <View
      title="What needs a look"
      answer={answer}
      what="flags"
      saved={shape === 'flags' ? shown : groupsOf(shown, shape)}
      empty={
        <Empty title="Nothing needs a look">
          <p>No rule has raised a flag at this moment.</p>
        </Empty>
      }
      tools={
        <>
          <Filter label="Rule" name="rule" options={all.map((flag) => flag.rule)} text={flagName} />
          <Filter label="Party" name="party" options={all.flatMap(({ parties }) => parties)} />
          <Filter label="With" name="with" options={all.flatMap(({ parties }) => parties)} />
          <ChooseWay label="Show" name="show" ways={shapes} />
        </>
      }
    >
      {() =>
        shape === 'flags' ? <FlagTable flags={shown} pairs={pairsOf(all)} /> : <FlagGroups flags={shown} by={shape} />
      }
    </View>
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
  const occurred = useOccurred(flags);
  return (
    <TablePanel label="Flags">
      <Heads names={['Flag', 'Parties', 'Item', 'What the rule saw', 'Events', 'Since when']} />
      <tbody>
        {flags.map((flag) => (
          <tr key={flag.flag}>
            <th scope="row" className="prose">
              {flagName(flag.rule)}
              <div className="soft small">{flagMeaning[flag.rule]}</div>
            </th>
            <td className="words">
              {flag.parties.join(', ')}
              <Again times={pairs.get(flag.parties.toSorted().join(' ')) ?? 1} />
            </td>
            <td>{flag.item ?? ''}</td>
            <td className="small prose">{factsText(flag.facts)}</td>
            <td>
              <EventList events={flag.events} />
            </td>
            <td className="small nowrap">
              <div>{sinceOf(flag, occurred)}</div>
              <Link to={{ ...place, at: undefined, known: flag.raised }}>As it was known then</Link>
            </td>
          </tr>
        ))}
      </tbody>
    </TablePanel>
  );
}

const MOST_LOOKED_UP = 100;

/** When the events happened that raised flags: those that are no ticks of the bar are asked for, the first of them. */
function useOccurred(flags: readonly FlagRow[]): ReadonlyMap<number, string> {
  const { ledger = '' } = usePlace();
  const { ticks } = useTicks();
  const known = useMemo(() => new Map(ticks.map((tick) => [tick.sequence, tick.occurred])), [ticks]);
  const asked = [...new Set(flags.map(({ raised }) => raised))]
    .filter((raised) => !known.has(raised))
    .slice(0, MOST_LOOKED_UP);
  const path = `${ledgerPath(ledger)}/activity`;
  const { data } = useQuery({
    queryKey: [ledger, 'events', asked],
    queryFn: ({ signal }) =>
      Promise.all(asked.map((raised) => askPage<ActivityRow>(path, { known: raised, limit: 1 }, signal))),
    enabled: ticks.length > 0 && asked.length > 0,
    staleTime: Infinity,
  });
  return useMemo(
    () =>
      new Map([
        ...known,
        ...(data ?? []).flatMap((page) => page.data).map((row) => [row.sequence, row.occurred] as const),
      ]),
    [known, data],
  );
}

const Again = ({ times }: { readonly times: number }) =>
  times < 2 ? null : <div className="soft small">not the first time: {times} flags of these two</div>;
