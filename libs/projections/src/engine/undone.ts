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
export function unsaid(event: LedgerEvent, restored: Restored): Unsaid[] {
  const { type, data } = event;
  if (type === 'lading.order.line_cancelled.v1') return [{ order: data.order, line: data.line, less: -data.quantity }];
  if (type === 'lading.order.confirmed.v1') {
    const before = restored.lines ?? linesOf(event, restored.confirmed);
    return before.map(({ order, line, promised }) => ({ order, line, less: 0, promise: promiseBefore(promised) }));
  }
  if (type !== 'lading.order.line_changed.v1') return [];
  const { order, line, quantity, window, previous } = data;
  const less = (quantity ?? previous.quantity) - previous.quantity;
  if (window === undefined) return [{ order, line, less }];
  return (restored.lines ?? []).map(({ promised, ...one }) => ({ ...one, less, promise: promiseBefore(promised) }));
}

type LineBefore = NonNullable<Restored['lines']>[number];

const promiseBefore = (promised: LineBefore['promised']): PromiseState | null =>
  promised === undefined ? null : { ...promiseOf(promised.line as Confirmed, promised), stands: promised.stands };

/** The lines of a confirmation as they were before it, where its void says that in fewer bytes. */
function linesOf(
  { data: { order, lines } }: LedgerEvent<'lading.order.confirmed.v1'>,
  confirmed: Restored['confirmed'] = [],
): Pick<LineBefore, 'order' | 'line' | 'promised'>[] {
  const before = new Map(confirmed.flatMap((one) => one.lines.map((line) => [line.line, { ...one, line }])));
  return lines.map(({ line, item, ordered }) => {
    const promised = before.get(line);
    return { order, line, ...(promised && { promised: { ...promised, line: { item, ordered, ...promised.line } } }) };
  });
}
