import { useQueries, useQuery } from '@tanstack/react-query';
import type { HoldRow } from '#contracts/holdRows';
import type { OrderRow, SwapRow } from '#contracts/rows';
import { ask } from '../../api/client.ts';
import { ledgerPath } from '../../api/paths.ts';
import { useLive } from '../../api/live.ts';
import { Moves } from '../../event/Moves.tsx';
import { movesOf } from '../../event/moves.ts';
import { day, moment, plural, units } from '../../format.ts';
import { Heads, ScrollTable } from '../../ui/View.tsx';
import { usePlace } from '../../url/usePlace.ts';
import {
  daysLater,
  type Impact,
  impactOf,
  impactOfLegs,
  type Leg,
  shiftsOf,
  shiftsOfLegs,
  type Wait,
  waitsOf,
} from './impact.ts';

/** An event as a dry run answers with it. */
export interface Tried {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What an event would do: what moves, who turns late by it, what is kept or freed, and what each account becomes. */
export function Preview({ event }: { readonly event: Tried }) {
  const { type, data } = event;
  const moves = movesOf(data);
  const swap = useNamed('swaps', moves.length === 0 && type.includes('.swap.') ? data.swap : undefined);
  const hold = useNamed('holds', type === 'lading.units.released.v1' ? data.hold : undefined);
  const legs = moves.length > 0 ? [] : ((data.legs ?? swap?.legs ?? []) as readonly Leg[]);
  const orders = useOrders([...moves, ...legs].map(({ order }) => order));
  const isEnd = type.includes('rejected') || type.includes('withdrawn');
  const isMoving = moves.length > 0;
  const done = isEnd ? [] : legs;
  return (
    <>
      {isMoving && <Moves moves={moves} title="What it would move" />}
      {!isMoving && done.length > 0 && (
        <p className="drawer-note">Nothing moves yet. This is what the swap does when it is executed:</p>
      )}
      {orders !== undefined && (
        <Waits waits={waitsOf(isMoving ? shiftsOf(moves, orders) : shiftsOfLegs(done, orders))} />
      )}
      <Kept data={data} hold={hold} swap={swap} isEnd={isEnd} />
      {orders !== undefined && <Impacts impacts={isMoving ? impactOf(moves, orders) : impactOfLegs(done, orders)} />}
    </>
  );
}

interface Rows {
  readonly swaps: SwapRow;
  readonly holds: HoldRow;
}

/** One row of a list, by its id, as it is now. */
function useNamed<L extends keyof Rows>(list: L, id: unknown): Rows[L] | undefined {
  const { ledger = '' } = usePlace();
  const { head } = useLive();
  const name = typeof id === 'string' ? id : '';
  const { data } = useQuery({
    queryKey: [ledger, list, name, head],
    queryFn: ({ signal }) =>
      ask<Rows[L]>(`${ledgerPath(ledger)}/${list}/${encodeURIComponent(name)}`, { 'min-sequence': head }, signal),
    enabled: name !== '',
    retry: false,
  });
  return data;
}

/** Undefined until all of them are there: half of them would say what is not so. */
function useOrders(ids: readonly string[]): readonly OrderRow[] | undefined {
  const { ledger = '' } = usePlace();
  const { head } = useLive();
  const answers = useQueries({
    queries: [...new Set(ids)].map((id) => ({
      queryKey: [ledger, 'orders', id, head],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        ask<OrderRow>(`${ledgerPath(ledger)}/orders/${encodeURIComponent(id)}`, { 'min-sequence': head }, signal),
      retry: false,
    })),
  });
  const orders = answers.flatMap(({ data }) => data ?? []);
  return orders.length === answers.length ? orders : undefined;
}

function Waits({ waits }: { readonly waits: readonly Wait[] }) {
  if (waits.length === 0) return null;
  return (
    <section>
      <h3>Who turns late, and who is served sooner</h3>
      <ul className="waits">
        {waits.map((wait, i) => {
          const { before, after } = wait;
          const isBad = before !== undefined && (after === undefined || before < after);
          return (
            <li key={i} className={isBad ? 'later' : undefined}>
              <strong>{wait.owner}</strong> {waitText(wait)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function waitText(wait: Wait): string {
  const { item, quantity, before, after } = wait;
  const goods = `${units(quantity)} ${item}`;
  if (before === undefined)
    return after === '' ? `gets ${goods}, which are there` : `gets ${goods}, due ${day(after ?? '')}`;
  const then = before === '' ? 'that it has' : `due ${day(before)}`;
  if (after === undefined) return `gives ${goods} ${then}, and gets none in exchange`;
  const later = daysLater(wait);
  if (later === undefined)
    return after === '' ? `gets ${goods} at once, before: ${then}` : `waits until ${day(after)} for ${goods} ${then}`;
  return later > 0
    ? `turns ${plural(later, 'day')} late with ${goods}: due ${day(after)} instead of ${day(before)}`
    : `gets ${goods} ${plural(-later, 'day')} sooner: due ${day(after)} instead of ${day(before)}`;
}

interface KeptProps {
  readonly data: Tried['data'];
  readonly hold: HoldRow | undefined;
  readonly swap: SwapRow | undefined;
  readonly isEnd: boolean;
}

interface KeptLine {
  readonly owner: string;
  readonly item: string;
  readonly order: string;
  readonly line: string;
  readonly quantity: number;
}

/** What is kept for something from then on, and what is free again. */
function Kept({ data, hold, swap, isEnd }: KeptProps) {
  const { until } = data;
  const kept = typeof until === 'string' ? ((data.holds ?? data.lines) as readonly KeptLine[]) : [];
  const freed: readonly KeptLine[] =
    hold?.status === 'open'
      ? hold.lines.map((line) => ({ ...line, owner: hold.owner }))
      : isEnd && swap?.holdsUntil != null
        ? swap.legs.map((leg) => ({ ...leg, owner: leg.from }))
        : [];
  return (
    <>
      {kept.length > 0 && <Lines title={`Kept until ${moment(String(until))}`} lines={kept} />}
      {freed.length > 0 && <Lines title="Freed" lines={freed} />}
      {isEnd && freed.length === 0 && (
        <p className="drawer-note">It ends the swap. Nothing was kept for it, so nothing is freed.</p>
      )}
    </>
  );
}

const Lines = ({ title, lines }: { readonly title: string; readonly lines: readonly KeptLine[] }) => (
  <section>
    <h3>{title}</h3>
    <ul className="waits">
      {lines.map((line, i) => (
        <li key={i}>
          <strong>{units(line.quantity)}</strong> {line.item} of {line.owner}, {line.order} line {line.line}
        </li>
      ))}
    </ul>
  </section>
);

/** Every account before and after, on one scale, so that their lengths can be compared. */
function Impacts({ impacts }: { readonly impacts: readonly Impact[] }) {
  if (impacts.length === 0) return null;
  const most = Math.max(1, ...impacts.flatMap(({ before, after }) => [before, after]));
  return (
    <section>
      <h3>What each account becomes</h3>
      <ScrollTable label="What each account becomes" kind="impacts">
        <Heads names={['Account', '#Before', '#After', 'Before and after']} />
        <tbody>
          {impacts.map((impact, i) => (
            <tr key={i}>
              <th scope="row">
                {impact.owner}
                {impact.stage !== undefined && `, ${impact.stage.replace('_', ' ')} ${impact.where ?? ''}`}
                <div className="soft small">
                  {impact.item}, {impact.order} line {impact.line}
                </div>
              </th>
              <td className="number">{units(impact.before)}</td>
              <td className={`number ${impact.after < 0 ? 'wrong' : ''}`}>
                {units(impact.after)}
                {impact.after < 0 && <div className="small">not so many there</div>}
              </td>
              <td className={`bars is-${impact.stage ?? 'ordered'}`}>
                <i className="was" style={{ width: `${(impact.before / most) * 100}%` }} />
                <i style={{ width: `${(Math.max(0, impact.after) / most) * 100}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}
