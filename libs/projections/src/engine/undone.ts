import { type LedgerEvent, takenBack } from '#contracts/cloudEvent';
import type { Restored } from '#contracts/ledgerEvents';
import type { Window } from '#contracts/scalars';
import { type Confirmed, promiseOf, type PromiseState } from './promise.ts';

/** An event that is taken back, as its void tells it. */
export interface Undone {
  readonly by: LedgerEvent<'lading.event.voided.v1'>;
  readonly event: LedgerEvent;
  /** What the event had set, as it was before. */
  readonly restored: Restored;
}

export const undoneBy = (by: Undone['by']): Undone => ({
  by,
  event: takenBack(by),
  restored: by.data.restored ?? {},
});

interface Unsaid {
  readonly order: string;
  readonly line: string;
  /** The units by which the line's total becomes less. */
  readonly less: number;
  readonly window?: Window;
  readonly promise?: PromiseState | null;
}

/** What becomes of lines when what an event said of them is taken back. */
export function unsaid({ type, data }: LedgerEvent, { lines = [], confirmed = [] }: Restored): Unsaid[] {
  if (type === 'lading.order.confirmed.v1' && lines.length === 0) return unconfirmed(data, confirmed);
  const before = lines.map(({ order, line, window, promised }): Required<Unsaid> => {
    const promise = promised && { ...promiseOf(promised.line as Confirmed, promised), stands: promised.stands };
    return { order, line, less: 0, window, promise: promise ?? null };
  });
  if (type === 'lading.order.confirmed.v1') return before.map(({ window: _, ...rest }) => rest);
  if (type === 'lading.order.line_cancelled.v1') return [{ order: data.order, line: data.line, less: -data.quantity }];
  if (type !== 'lading.order.line_changed.v1') return [];
  const { order, line, quantity, window, previous } = data;
  const less = (quantity ?? previous.quantity) - previous.quantity;
  return window === undefined ? [{ order, line, less }] : before.map((one) => ({ ...one, less }));
}

/** Of a confirmation whose void says in fewer bytes what was promised before it. */
function unconfirmed(
  { order, lines }: LedgerEvent<'lading.order.confirmed.v1'>['data'],
  confirmed: NonNullable<Restored['confirmed']>,
): Unsaid[] {
  const before = new Map(confirmed.flatMap((one) => one.lines.map((line) => [line.line, { ...one, line }])));
  return lines.map(({ line, item, ordered }) => {
    const promised = before.get(line);
    const said = { item, ordered, ...promised?.line } as Confirmed;
    return {
      order,
      line,
      less: 0,
      promise: promised ? { ...promiseOf(said, promised), stands: promised.stands } : null,
    };
  });
}
