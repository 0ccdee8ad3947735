import { eventText, type LedgerEvent } from '#contracts/cloudEvent';
import type { EventBytes } from '#journal/reader';

/** Events as the journal stores them and the relay publishes them. */
export const published = (events: readonly LedgerEvent[]): EventBytes[] =>
  events.map((event) => ({ ledger: event.ledger, sequence: event.sequence, bytes: Buffer.from(eventText(event)) }));
