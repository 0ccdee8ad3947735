import type { PartyRow, SwapRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { day, moment, plural, units } from '../../format.ts';
import { Answered, Empty } from '../../ui/parts.tsx';
import { Heads, ScrollTable } from '../../ui/View.tsx';
import { chosen } from '../../url/place.ts';
import { adjust, go, usePlace } from '../../url/usePlace.ts';
import { Ageing } from './Ageing.tsx';
import { dayBefore, daysOf, type ItemStatement, type LegStatement, pairsOf, statementOf } from './statement.ts';

type Two = readonly [string, string];

/** What two parties owe each other, for a period: to be printed and signed by both. */
export function StatementOfTwo({ swaps }: { readonly swaps: readonly SwapRow[] }) {
  const place = usePlace();
  const { at, known, choices } = place;
  const pairs = pairsOf(swaps);
  const between = pairs.find((pair) => pair.join('~') === choices.between) ?? pairs[0];
  const days = daysOf(choices.from, choices.to, (at ?? new Date().toISOString()).slice(0, 10));
  if (between === undefined)
    return (
      <section className="panel">
        <Empty title="No two parties have swapped anything yet" />
      </section>
    );
  const field = (name: 'from' | 'to', label: string) => (
    <label className="field">
      {label}
      <input
        type="date"
        value={days[name]}
        onChange={(event) => {
          adjust(chosen(place, { [name]: event.target.value }));
        }}
      />
    </label>
  );
  return (
    <>
      <div className="tools no-print statement-tools">
        <label className="field">
          Between
          <select
            value={between.join('~')}
            onChange={(event) => {
              go(chosen(place, { between: event.target.value }));
            }}
          >
            {pairs.map((pair) => (
              <option key={pair.join('~')} value={pair.join('~')}>
                {pair.join(' and ')}
              </option>
            ))}
          </select>
        </label>
        {field('from', 'From')}
        {field('to', 'To the end of')}
        <button
          type="button"
          className="button primary"
          onClick={() => {
            window.print();
          }}
        >
          Print
        </button>
      </div>
      <Page between={between} days={days} known={known} />
    </>
  );
}

interface PageProps {
  readonly between: Two;
  readonly days: { readonly from: string; readonly to: string };
  readonly known: number | undefined;
}

function Page({ between, days, known }: PageProps) {
  const { ledger = '' } = usePlace();
  const [one, other] = between;
  const asked = { party: one };
  const after = useAsk<SwapRow>('swaps', asked, { most: 1000, moment: { at: days.to, known } });
  const before = useAsk<SwapRow>('swaps', asked, { most: 1000, moment: { at: dayBefore(days.from), known } });
  const parties = useAsk<PartyRow>('parties');
  const nameOf = (party: string) => parties.rows?.find((row) => row.party === party)?.name ?? party;
  const both = {
    ...after,
    rows: before.rows === undefined ? undefined : after.rows,
    error: after.error ?? before.error,
  };
  const nothing = <Empty title="These two had swapped nothing by then" />;
  return (
    <article className="panel statement" aria-label="Statement of two parties">
      <header>
        <h2>
          {nameOf(one)} and {nameOf(other)}
        </h2>
        <p className="small">
          Statement of what was exchanged, {day(days.from)} to the end of {day(days.to)}
        </p>
      </header>
      <Answered answer={both} what="the statement" empty={nothing}>
        {(rows) => {
          const { items, legs } = statementOf(between, before.rows ?? [], rows, days.to);
          if (legs.length === 0) return nothing;
          return (
            <>
              <Account items={items} one={one} other={other} />
              <Ageing legs={legs.map(({ leg }) => leg)} on={days.to} />
              <Legs legs={legs} />
              <Authority swaps={rows.filter(({ swap }) => legs.some((row) => row.swap === swap))} />
              <p className="said small soft">
                Counted from the ledger {ledger}, as it was known at event {units(after.sequence ?? 0)}. Units count
                when they have reached their receiver. Days are in UTC.
              </p>
              <Signatures names={[nameOf(one), nameOf(other)]} />
            </>
          );
        }}
      </Answered>
    </article>
  );
}

const owes = (count: number, one: string, other: string): string =>
  count === 0 ? 'even' : `${count > 0 ? other : one} owes ${units(Math.abs(count))}`;

function Account({
  items,
  one,
  other,
}: {
  readonly items: readonly ItemStatement[];
  readonly one: string;
  readonly other: string;
}) {
  return (
    <ScrollTable label="Account of the two">
      <Heads names={['Item', '#Opening', `#${one} gave`, `#${other} gave`, '#Closing']} />
      <tbody>
        {items.map((row) => (
          <tr key={row.item}>
            <th scope="row">{row.item}</th>
            <td className="number">{owes(row.opening, one, other)}</td>
            <td className="number">{units(row.given)}</td>
            <td className="number">{units(row.received)}</td>
            <td className="number">
              <strong>{owes(row.closing, one, other)}</strong>
            </td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}

function Legs({ legs }: { readonly legs: readonly LegStatement[] }) {
  return (
    <ScrollTable label="Legs between the two">
      <caption>Leg by leg</caption>
      <Heads
        names={[
          'Swap, leg',
          'Order line',
          'Due',
          '#Agreed',
          '#Came before',
          '#Came in the period',
          '#Missing',
          'Overdue',
        ]}
      />
      <tbody>
        {legs.map(({ swap, leg, before, within, age }, i) => (
          <tr key={i}>
            <th scope="row" className="nowrap">
              {swap}: {leg.from} → {leg.to}
            </th>
            <td className="nowrap">
              {leg.order} line {leg.line} <span className="soft">{leg.item}</span>
            </td>
            <td className="nowrap">{day(leg.window.to)}</td>
            <td className="number">{units(leg.quantity)}</td>
            <td className="number">{units(before)}</td>
            <td className="number">{units(within)}</td>
            <td className="number">{units(leg.missing)}</td>
            <td className="nowrap">{age > 0 && leg.missing > 0 ? `by ${plural(age, 'day')}` : ''}</td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}

/** By whom each swap was agreed, and what stands behind it. */
function Authority({ swaps }: { readonly swaps: readonly SwapRow[] }) {
  return (
    <section className="said small">
      <h3>Authority and evidence</h3>
      {swaps.map((swap) => (
        <p key={swap.swap}>
          <strong>{swap.swap}</strong> was proposed by {swap.by} on {moment(swap.proposed)}
          {swap.accepted.length > 0 && `, accepted by ${swap.accepted.join(' and ')}`}
          {swap.executed !== null && `, executed ${moment(swap.executed)}`}.{' '}
          {swap.authorisedBy === null ? 'Nobody is named who authorised it.' : `Authorised by ${swap.authorisedBy}.`}{' '}
          {swap.evidence.length === 0
            ? 'No evidence is named.'
            : swap.evidence
                .map(({ kind, uri, sha256 }) => `${kind}: ${uri}${sha256 === undefined ? '' : ` (SHA-256 ${sha256})`}`)
                .join('; ')}
        </p>
      ))}
    </section>
  );
}

const Signatures = ({ names }: { readonly names: readonly string[] }) => (
  <div className="signatures">
    {names.map((name) => (
      <div key={name}>
        <p>For {name}</p>
        <p className="soft small">Name, date, signature</p>
      </div>
    ))}
  </div>
);
