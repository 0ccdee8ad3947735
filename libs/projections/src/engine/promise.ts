import type { Completed } from '#contracts/catalog';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { ConfirmationCode } from '#contracts/orderEvents';
import { microseconds, type Window } from '#contracts/scalars';

/** What the supplier said of a line when it confirmed it last. */
export interface PromiseState {
  readonly code: ConfirmationCode;
  readonly quantity: number;
  readonly window: Window | null;
  readonly reason: string | null;
  /** What was ordered then. */
  readonly ordered: { readonly quantity: number; readonly window: Window };
  readonly sequence: number;
  /** In microseconds since 1970. */
  readonly confirmed: number;
  /** Whether the window that was ordered is still the one that was confirmed. */
  readonly stands: boolean;
}

export type Confirmed = Completed<'lading.order.confirmed.v1'>['lines'][number];

/** What a confirmed line promises from then on. */
export function promiseOf(
  { code, quantity = 0, window, reason, ordered }: Confirmed,
  { sequence, time }: Pick<LedgerEvent, 'sequence' | 'time'>,
): PromiseState {
  const isPromised = code !== 'rejected';
  return {
    code,
    quantity: isPromised ? quantity : 0,
    window: isPromised && window !== undefined ? { from: window.from, to: window.to } : null,
    reason: reason ?? null,
    ordered: { quantity: ordered.quantity, window: { from: ordered.window.from, to: ordered.window.to } },
    sequence,
    confirmed: microseconds(time),
    stands: true,
  };
}

/** A promise as a table keeps it, in one text. */
export const promiseFrom = (text: string | null): PromiseState | null =>
  text === null ? null : (JSON.parse(text) as PromiseState);
