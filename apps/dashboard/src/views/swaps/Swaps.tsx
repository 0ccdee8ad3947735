import { useMemo } from 'react';
import type { OrderRow, SwapRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { day, moment, plural, units } from '../../format.ts';
import { Empty, Id, Term } from '../../ui/parts.tsx';
import { ChooseWay, Filter, Heads, ScrollTable, View, wayOf, type Ways } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { viewed } from '../../url/place.ts';
import { usePlace } from '../../url/usePlace.ts';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import { Ageing } from './Ageing.tsx';
import { ExchangeOverTime } from './ExchangeOverTime.tsx';
import { StatementOfTwo } from './Statement.tsx';
import { ownedOf, type Stages, stagesOf } from './swaps.ts';
import './swaps.css';

type Shape = 'swaps' | 'statement';
const shapes: Ways<Shape> = [
  ['swaps', 'Swaps'],
  ['statement', 'Statement of two'],
];

/** What was exchanged, and what is still owed. */
export function Swaps() {
  const { at, choices } = usePlace();
  const { party, status, swap, show } = choices;
  const shape = wayOf(show, shapes);
  const answer = useAsk<SwapRow>('swaps', shape === 'swaps' ? { party, status } : {}, { most: 1000 });
  const orders = useAsk<OrderRow>('orders', {}, { most: 1000, enabled: shape === 'swaps' });
  const where = useMemo(() => stagesOf(orders.rows ?? []), [orders.rows]);
  const rows = answer.rows ?? [];
  const shown = swap === undefined ? rows : rows.filter((row) => row.swap === swap);
  const legs = shown.flatMap((row) => (row.status === 'executed' ? row.legs : []));
  return (
    <View
      title="What was swapped, and what is owed"
      answer={answer}
      what="swaps"
      saved={shape === 'statement' ? null : shown}
      empty={
        <Empty title="No swap">
          <p>No swap that you ask for was proposed by this moment.</p>
        </Empty>
      }
      tools={<Tools rows={rows} shape={shape} />}
    >
      {() =>
        shape === 'statement' ? (
          <StatementOfTwo swaps={rows} />
        ) : (
          <>
            <section className="panel swap">
              <Ageing legs={legs} on={(at ?? new Date().toISOString()).slice(0, 10)} />
            </section>
            {shown.map((row) => (
              <Swap key={row.swap} swap={row} where={where} />
            ))}
          </>
        )
      }
    </View>
  );
}

function Tools({ rows, shape }: { readonly rows: readonly SwapRow[]; readonly shape: Shape }) {
  const parties = rows.flatMap(({ legs }) => legs.flatMap(({ from, to }) => [from, to]));
  return (
    <>
      {shape === 'swaps' && (
        <>
          <Filter label="Party" name="party" options={parties} />
          <Filter label="Status" name="status" options={rows.map((row) => row.status)} />
          <Filter label="Swap" name="swap" options={rows.map((row) => row.swap)} />
        </>
      )}
      <ChooseWay label="Show" name="show" ways={shapes} />
    </>
  );
}

interface SwapProps {
  readonly swap: SwapRow;
  readonly where: Stages;
}

function Swap({ swap, where }: SwapProps) {
  const { reason, authorisedBy, evidence, executed } = swap;
  return (
    <article className="panel swap" aria-label={`Swap ${swap.swap}`}>
      <header>
        <h2>
          <Id>{swap.swap}</Id> <span className="tag">{swap.status}</span>
        </h2>
        <p className="small soft">
          proposed by {swap.by}, {moment(swap.proposed)}
          {executed !== null && `; executed ${moment(executed)}`}
        </p>
      </header>
      <p className="said small">
        {reason !== null && <q>{reason}</q>}
        {authorisedBy !== null && <> Authorised by {authorisedBy}.</>}
        {swap.accepted.length > 0 && <> Accepted by {swap.accepted.join(' and ')}.</>}
        {evidence.length > 0 && (
          <>
            {' '}
            {plural(evidence.length, 'piece')} of evidence:{' '}
            {evidence.map(({ kind, uri }) => `${kind} ${uri}`).join(', ')}.
          </>
        )}
      </p>
      <ScrollTable label={`Legs of ${swap.swap}`}>
        <Heads names={['Leg', 'Order line', 'Due', '#Agreed', '#Received', '#Missing', 'Where they are', 'Overdue']} />
        <tbody>
          {swap.legs.map((leg) => (
            <Leg
              key={`${leg.order} ${leg.line} ${leg.to}`}
              leg={leg}
              stages={executed === null ? undefined : where.get(ownedOf(leg.order, leg.line, leg.to))}
            />
          ))}
        </tbody>
      </ScrollTable>
      <Balance swap={swap} />
      {executed !== null && <ExchangeOverTime swap={swap.swap} />}
      <Steps swap={swap} />
    </article>
  );
}

interface LegProps {
  readonly leg: SwapRow['legs'][number];
  /** Where the receiver's units of the line are. */
  readonly stages: ReadonlyMap<string, number> | undefined;
}

function Leg({ leg, stages }: LegProps) {
  return (
    <tr>
      <th scope="row" className="nowrap">
        {leg.from} → {leg.to}
      </th>
      <td className="nowrap">
        {leg.order} line {leg.line} <span className="soft">{leg.item}</span>
      </td>
      <td className="nowrap">{day(leg.window.to)}</td>
      <td className="number">
        <WhyNumber
          count={leg.quantity}
          subject={{ owner: leg.to, order: leg.order, line: leg.line }}
          what={`${leg.to}, ${leg.order} line ${leg.line}`}
        />
      </td>
      <td className="number">{units(leg.received)}</td>
      <Missing leg={leg} />
      <td className="small">
        {[...(stages ?? [])].map(([stage, quantity]) => (
          <div key={stage}>
            <span className={`stage is-${stage}`}>
              {units(quantity)} {stage.replace('_', ' ')}
            </span>
          </div>
        ))}
      </td>
      <td>{leg.overdue && <span className="tag bad">overdue</span>}</td>
    </tr>
  );
}

/** What has not come, and what of it never will. */
const Missing = ({ leg: { missing, lost, cancelled } }: { readonly leg: SwapRow['legs'][number] }) => (
  <td className="number">
    {units(missing)}
    {lost > 0 && <div className="soft small">{units(lost)} lost</div>}
    {cancelled > 0 && <div className="soft small">{units(cancelled)} cancelled</div>}
  </td>
);

const steps = {
  proposed: ['accept', 'decline', 'withdraw'],
  accepted: ['execute', 'decline', 'withdraw'],
} as const;

/** What can be done with it at the desk, where its name is filled in. */
function Steps({ swap: { swap, status } }: { readonly swap: SwapRow }) {
  const place = usePlace();
  const open = status === 'proposed' || status === 'accepted' ? steps[status] : [];
  return (
    <p className="steps no-print">
      <Link to={viewed({ ...place, at: undefined, known: undefined }, 'desk', { decision: `swap/${swap}` })}>
        The decision as it looked
      </Link>
      {open.length > 0 && 'At the desk:'}
      {open.map((form) => (
        <Link key={form} to={viewed(place, 'desk', { form, swap })}>
          {form}
        </Link>
      ))}
    </p>
  );
}

/** What each gave, received, and is owed or owes. */
function Balance({ swap }: { readonly swap: SwapRow }) {
  if (swap.balance.length === 0) return null;
  return (
    <ScrollTable label={`Exchange balance of ${swap.swap}`}>
      <caption>
        <Term word="exchange balance">Exchange balance</Term>
      </caption>
      <Heads names={['Party', 'Item', '#Given', '#Has received', '#Balance', '#Unit-days']} />
      <tbody>
        {swap.balance.map((row) => (
          <tr key={`${row.party} ${row.item}`}>
            <th scope="row">{row.party}</th>
            <td>{row.item}</td>
            <td className="number">{units(row.given)}</td>
            <td className="number">{units(row.received)}</td>
            <td className="number">
              {row.units === 0 ? 'even' : row.units > 0 ? `is owed ${units(row.units)}` : `owes ${units(-row.units)}`}
            </td>
            <td className="number">{units(Math.round(row.unitDays))}</td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}
