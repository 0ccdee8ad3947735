import type { SwapRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { day, moment, units } from '../../format.ts';
import { Empty, Id, Term } from '../../ui/parts.tsx';
import { Filter, Heads, View } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { viewed } from '../../url/place.ts';
import { usePlace } from '../../url/usePlace.ts';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import './swaps.css';

/** What was exchanged, and what is still owed. */
export function Swaps() {
  const { choices } = usePlace();
  const { party, status } = choices;
  const answer = useAsk<SwapRow>('swaps', { party, status }, { most: 500 });
  const rows = answer.rows ?? [];
  return (
    <View
      title="What was swapped, and what is owed"
      answer={answer}
      what="swaps"
      empty={
        <Empty title="No swap">
          <p>No swap that you ask for was proposed by this moment.</p>
        </Empty>
      }
      tools={
        <>
          <Filter
            label="Party"
            name="party"
            options={rows.flatMap(({ legs }) => legs.flatMap(({ from, to }) => [from, to]))}
          />
          <Filter label="Status" name="status" options={rows.map((row) => row.status)} />
          <button
            type="button"
            className="button"
            onClick={() => {
              window.print();
            }}
          >
            Print as a statement
          </button>
        </>
      }
    >
      {() => rows.map((row) => <Swap key={row.swap} swap={row} />)}
    </View>
  );
}

function Swap({ swap }: { readonly swap: SwapRow }) {
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
            {evidence.length} evidence: {evidence.map(({ kind, uri }) => `${kind} ${uri}`).join(', ')}.
          </>
        )}
      </p>
      <div className="scroll" tabIndex={0} role="region" aria-label={`Legs of ${swap.swap}`}>
        <table className="table">
          <Heads names={['Leg', 'Order line', 'Due', '#Agreed', '#Received', '#Missing', 'Overdue']} />
          <tbody>
            {swap.legs.map((leg) => (
              <tr key={`${leg.order} ${leg.line} ${leg.to}`}>
                <th scope="row">
                  {leg.from} → {leg.to}
                </th>
                <td>
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
                <td className="number">{units(leg.missing)}</td>
                <td>{leg.overdue && <span className="tag bad">overdue</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Balance swap={swap} />
      <Steps swap={swap} />
    </article>
  );
}

const steps = {
  proposed: ['accept', 'decline', 'withdraw'],
  accepted: ['execute', 'decline', 'withdraw'],
} as const;

/** What can be done with it at the desk, where its name is filled in. */
function Steps({ swap: { swap, status } }: { readonly swap: SwapRow }) {
  const place = usePlace();
  if (status !== 'proposed' && status !== 'accepted') return null;
  return (
    <p className="steps no-print">
      At the desk:
      {steps[status].map((form) => (
        <Link key={form} to={viewed(place, 'desk', { form, swap })}>
          {form}
        </Link>
      ))}
    </p>
  );
}

/** The statement of the parties: what each gave, received, and is owed or owes. */
function Balance({ swap }: { readonly swap: SwapRow }) {
  if (swap.balance.length === 0) return null;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={`Exchange balance of ${swap.swap}`}>
      <table className="table">
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
      </table>
    </div>
  );
}
