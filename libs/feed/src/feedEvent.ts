import { type LedgerEvent, movesOf, parseEvent } from '#contracts/cloudEvent';

/** One event of a feed: the exact bytes that the ledger keeps, and what they say. */
export interface FeedEvent {
  readonly ledger: string;
  readonly sequence: number;
  readonly bytes: Buffer;
  readonly event: LedgerEvent;
  /** What it costs to apply, as `RUN_WEIGHT` counts it. */
  readonly weight: number;
}

/**
 * Reads an event from its bytes.
 * @throws Error when they are not an event, or another one than it was said to be
 */
export function toFeedEvent(bytes: Buffer, said?: { readonly ledger: string; readonly sequence: number }): FeedEvent {
  const event = parseEvent(bytes);
  const { ledger, sequence } = event;
  if (said !== undefined && (said.ledger !== ledger || said.sequence !== sequence))
    throw new Error(`event ${sequence} of ledger ${ledger} came as event ${said.sequence} of ledger ${said.ledger}`);
  return { ledger, sequence, bytes, event, weight: weightOf(bytes, event) };
}

/** An atomic batch has at most this many events; a run that may have as many can always hold a whole one. */
export const MAX_ATOMIC = 1_000;

/** How many of the events, from the first on, follow each other without a gap. */
export function lengthInOrder(events: readonly FeedEvent[]): number {
  let length = Math.min(1, events.length);
  while (length < events.length && events[length]?.sequence === (events[length - 1]?.sequence ?? 0) + 1) length += 1;
  return length;
}

/**
 * What a run may weigh, so that its transaction ends in time on a slow machine as well: bytes of its events (a move has about 250, and
 * is two postings), and `SERIAL_WEIGHT` for each entry in a list of serial numbers: it has 15 bytes, and becomes a row. A range is one
 * entry, and one row, however many serial numbers it names.
 */
const RUN_WEIGHT = 2_097_152;
const SERIAL_WEIGHT = 150;

function weightOf(bytes: Buffer, event: LedgerEvent): number {
  let weight = bytes.length;
  for (const { serials } of movesOf(event)) if (Array.isArray(serials)) weight += SERIAL_WEIGHT * serials.length;
  return weight;
}

/**
 * The first events that follow each other, `most` of them or somewhat more, so that an atomic batch is either whole in the run or
 * not in it at all; fewer when they are heavy. Empty when the first batch is not whole yet.
 */
export function wholeRun(events: readonly FeedEvent[], most: number): readonly FeedEvent[] {
  const inOrder = lengthInOrder(events);
  let whole = 0;
  let weight = 0;
  for (let length = 1; length <= inOrder; length += 1) {
    const event = events[length - 1];
    if (event === undefined) break;
    weight += event.weight;
    if (!endsWhole(event)) continue;
    const full = length > most || weight > RUN_WEIGHT;
    if (full && whole > 0) break;
    whole = length;
    if (full || length === most) break;
  }
  return events.slice(0, whole);
}

/** Whether no later event was recorded together with this one. */
const endsWhole = ({ event }: FeedEvent): boolean =>
  event.batchindex === undefined || event.batchindex + 1 === event.batchsize;
