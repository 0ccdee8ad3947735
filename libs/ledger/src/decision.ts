import type { Completed, EventType } from '#contracts/catalog';
import type { Facts, Rejection, RejectionCode } from '#contracts/rejections';

/** What the ledger keeps: the event's completed data. One command makes one event. */
interface Accepted<T extends EventType = EventType> {
  readonly ok: true;
  readonly data: Completed<T>;
}
export type Rejected = { readonly ok: false } & Rejection;
export type Decision<T extends EventType = EventType> = Accepted<T> | Rejected;

/** What a step of a rule found, or why the whole event is rejected. */
export type OrRejected<T> = T | Rejected;

export const accept = <T extends EventType>(data: Completed<T>): Accepted<T> => ({ ok: true, data });

export const reject = (code: RejectionCode, detail: string, facts: Facts = {}): Rejected => ({
  ok: false,
  code,
  detail,
  facts,
});

export const isRejected = (found: unknown): found is Rejected =>
  typeof found === 'object' && found !== null && 'ok' in found && found.ok === false;
