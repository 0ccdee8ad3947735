/** Why a ledger refuses an event that is well formed. Stable: programs act on them. */
export const rejectionCodes = [
  'unknown-party',
  'unknown-item',
  'unknown-order',
  'unknown-order-line',
  'unknown-shipment',
  'unknown-swap',
  'unknown-hold',
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
  'not-supported',
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

/** A rejection is a value: a stable code, a sentence for people, and the facts to act on. */
export interface Rejection {
  readonly code: RejectionCode;
  readonly detail: string;
  /** The line, what was asked, what there is: spread into the problem document. */
  readonly facts: Readonly<Record<string, unknown>>;
}
