import { type LedgerEvent, serialiseEvent } from '#contracts/cloudEvent';
import type { Published } from '#feed/message';

/** Events as the journal stores them and the relay publishes them. */
export const published = (events: readonly LedgerEvent[]): Published[] =>
  events.map((event) => ({ ledger: event.ledger, sequence: event.sequence, bytes: serialiseEvent(event) }));
