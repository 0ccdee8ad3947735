import { useQueries, useQuery } from '@tanstack/react-query';
import type { HoldingGroupRow, QueueRow } from '#contracts/rows';
import { ask, askRows, type Rows } from '../../api/client.ts';
import { type Asked, ledgerPath } from '../../api/paths.ts';
import { useLive } from '../../api/live.ts';
import { EventLink } from '../../event/EventLink.tsx';
import { eventName, moment, units } from '../../format.ts';
import { Empty, Loading, Trouble } from '../../ui/parts.tsx';
import { Heads, TablePanel } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { type Place, type View, viewed } from '../../url/place.ts';
import { usePlace } from '../../url/usePlace.ts';
import { type Compared, sideBySide, subjectsOf } from './decision.ts';

interface Decided {
  readonly sequence: number;
  readonly type: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What whoever decided could see: what the desk looks at, before the decision and with it, beside what is known today. */
export function Decision({ of }: { readonly of: string }) {
  const { ledger = '' } = usePlace();
  const { data, error, refetch } = useQuery({
    queryKey: [ledger, 'decision', of],
    queryFn: ({ signal }) => decided(ledgerPath(ledger), of, signal),
  });
  return (
    <div className="view decision">
      <header>
        <div>
          <h1>The decision as it looked</h1>
          {data != null && (
            <p className="soft small">
              <EventLink sequence={data.sequence}>{eventName(data.type)}</EventLink>, {moment(data.time)}. The bar of
              time changes nothing here.
            </p>
          )}
        </div>
      </header>
      {error !== null ? (
        <Trouble error={error} again={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="the decision" />
      ) : data === null ? (
        <Empty title={`Nothing was decided under ${of}`} />
      ) : (
        <Looked decided={data} />
      )}
    </div>
  );
}

/** By its sequence; or by what it is about, `swap/SW-1`: then the event that executed it, else its newest. */
async function decided(path: string, of: string, signal: AbortSignal): Promise<Decided | null> {
  type Told = Omit<Decided, 'sequence'> & { readonly sequence: string };
  const read = (event: Told): Decided => ({ ...event, sequence: Number(event.sequence) });
  if (/^\d{1,15}$/.test(of)) {
    const event = read(await ask<Told>(`${path}/events/${of}`, {}, signal));
    // What a later step of a swap does not say again, its proposal said.
    if (event.data.legs !== undefined || typeof event.data.swap !== 'string') return event;
    const proposal = await askRows<Told>(`${path}/events`, { subject: `swap/${event.data.swap}` }, signal, 1);
    return { ...event, data: { ...proposal.rows[0]?.data, ...event.data } };
  }
  const { rows } = await askRows<Told>(`${path}/events`, { subject: of }, signal, 100);
  const event = rows.find(({ type }) => type.includes('.executed.')) ?? rows.at(-1);
  return event === undefined ? null : read({ ...event, data: { ...rows[0]?.data, ...event.data } });
}

const heads = ['#Before it', '#With it', '#Of that moment, as known today', '#Today'];
const shortcuts: readonly (readonly [View, string])[] = [
  ['delivery', 'Delivery'],
  ['holdings', 'Holdings'],
  ['swaps', 'Swaps'],
  ['shipments', 'Shipments'],
];

function Looked({ decided: { sequence, time, data } }: { readonly decided: Decided }) {
  const place = usePlace();
  const { head } = useLive();
  const { orders, items } = subjectsOf(data);
  const today = { 'min-sequence': head };
  const moments: readonly Asked[] = [{ known: sequence - 1 }, { known: sequence }, { at: time, ...today }, today];
  const then: Place = { ...place, at: undefined, known: sequence };
  return (
    <>
      <p className="shortcuts no-print">
        All of it as it was known then:
        {shortcuts.map(([view, text]) => (
          <Link key={view} to={viewed(then, view, view === 'delivery' ? { item: items[0] } : {})}>
            {text}
          </Link>
        ))}
      </p>
      <Units moments={moments} orders={orders} />
      {items.map((item) => (
        <Places key={item} moments={moments} item={item} />
      ))}
    </>
  );
}

/** The answers to one question about one thing at each of the moments. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows which rows an address answers with
function useAnswers<T>(
  moments: readonly Asked[],
  questions: readonly (readonly [string, Asked])[],
): readonly T[][] | undefined {
  const { ledger = '' } = usePlace();
  const asked = moments.flatMap((known) =>
    questions.map(([question, about]) => ({ question, about: { ...about, ...known } })),
  );
  const answers = useQueries({
    queries: asked.map(({ question, about }) => ({
      queryKey: [ledger, question, about],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        askRows<T>(`${ledgerPath(ledger)}/${question}`, about, signal, 1000),
      placeholderData: (before: Rows<T> | undefined) => before,
    })),
  });
  if (answers.some(({ data }) => data === undefined)) return undefined;
  return moments.map((_, at) =>
    questions.flatMap((__, i) => [...(answers[at * questions.length + i]?.data?.rows ?? [])]),
  );
}

/** Whose the units of the orders were, and where. */
function Units({ moments, orders }: { readonly moments: readonly Asked[]; readonly orders: readonly string[] }) {
  const answers = useAnswers<HoldingGroupRow>(
    moments,
    orders.slice(0, 20).map((order) => ['holdings', { order, groupBy: 'owner,order,line,stage' }] as const),
  );
  if (answers === undefined) return <Loading what="the units" />;
  const rows = sideBySide(
    answers,
    ({ owner, order, line, stage }) => JSON.stringify([order, line, stage, owner]),
    ({ quantity }) => quantity,
  );
  return (
    <section>
      <h2>Whose units they were</h2>
      <TablePanel label="Whose units they were">
        <Heads names={['Order line', 'Owner', ...heads]} />
        <tbody>
          {rows.map((compared) => (
            <tr key={compared.key}>
              <th scope="row">
                {compared.row.order} <span className="soft">line {compared.row.line}</span>
              </th>
              <td className={`is-${compared.row.stage ?? ''}`}>
                <span className={`stage is-${compared.row.stage ?? ''}`}>
                  {compared.row.owner}, {compared.row.stage?.replace('_', ' ')}
                </span>
              </td>
              <Numbers numbers={compared.numbers} none={0} />
            </tr>
          ))}
        </tbody>
      </TablePanel>
    </section>
  );
}

/** Who waited for the item, and at which place. */
function Places({ moments, item }: { readonly moments: readonly Asked[]; readonly item: string }) {
  const answers = useAnswers<QueueRow>(moments, [[`items/${encodeURIComponent(item)}/queue`, {}]]);
  if (answers === undefined) return <Loading what="the queue" />;
  const rows = sideBySide(
    answers,
    ({ owner, order, line }) => JSON.stringify([owner, order, line]),
    ({ position }) => position,
  );
  return (
    <section>
      <h2>The queue for {item}</h2>
      <TablePanel label={`Places in the queue for ${item}`}>
        <Heads names={['Whose place', 'Order line', ...heads]} />
        <tbody>
          {rows.map((compared) => (
            <tr key={compared.key}>
              <th scope="row">{compared.row.owner}</th>
              <td className="nowrap">
                {compared.row.order} <span className="soft">line {compared.row.line}</span>
              </td>
              <Numbers numbers={compared.numbers} none={undefined} />
            </tr>
          ))}
        </tbody>
      </TablePanel>
    </section>
  );
}

/** The numbers of a row; what is another one than before stands out. */
const Numbers = ({ numbers, none }: Pick<Compared<unknown>, 'numbers'> & { readonly none: number | undefined }) =>
  numbers.map((number = none, at) => (
    <td key={heads[at]} className={`number ${at > 0 && number !== (numbers[at - 1] ?? none) ? 'changed' : ''}`}>
      {number === undefined || number === 0 ? <span className="none">·</span> : units(number)}
    </td>
  ));
