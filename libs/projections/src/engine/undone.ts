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
export function unsaid({ type, data }: LedgerEvent, { lines = [] }: Restored): Unsaid[] {
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
