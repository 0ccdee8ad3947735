/** Why a ledger refuses an event that is well formed. Stable: programs act on them. */
export const rejectionCodes = [
  'unknown-party',
  'unknown-item',
  'unknown-order',
  'unknown-order-line',
  'unknown-shipment',
  'unknown-swap',
  'unknown-hold',
  'unknown-event',
  'already-exists',
  'already-received',
  'insufficient-quantity',
  'held-for',
  'not-the-owner',
  'not-the-custodian',
  'ambiguous-owner',
  'wrong-stage',
  'wrong-tracking',
  'serial-elsewhere',
  'serial-count',
  'not-a-swap',
  'swap-not-accepted',
  'swap-not-open',
  'swap-expired',
  'hold-not-open',
  'not-a-party',
  'nothing-to-do',
  'occurred-in-future',
  'overtaken',
  'event-too-large',
  'depends-on-it',
  'already-voided',
  'wrong-time',
  'not-in-the-batch',
  'not-supported',
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

/** The fields that every problem document has (RFC 9457, and `code` and `errors`). */
export const PROBLEM_FIELDS = ['type', 'title', 'status', 'detail', 'instance', 'code', 'errors'] as const;

/** What a problem document says of the case, beside its own fields. One with the name of such a field would be lost: it does not compile. */
export type Facts = Readonly<Record<string, unknown>> &
  Partial<Readonly<Record<(typeof PROBLEM_FIELDS)[number], never>>>;

/** A rejection is a value: a stable code, a sentence for people, and the facts to act on. */
export interface Rejection {
  readonly code: RejectionCode;
  readonly detail: string;
  /** The line, what was asked, what there is: spread into the problem document. */
  readonly facts: Facts;
}
