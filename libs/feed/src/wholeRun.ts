import type { FeedEvent } from './feed.ts';

/** An atomic batch has this many events at most; a run that may hold as many can always hold one whole. */
export const MAX_ATOMIC = 1_000;

/** How many of the events, from the first on, follow each other without a gap. */
export function lengthInOrder(events: readonly FeedEvent[]): number {
  let length = Math.min(1, events.length);
  while (length < events.length && events[length]?.sequence === (events[length - 1]?.sequence ?? 0) + 1) length += 1;
  return length;
}

/**
 * The first events that follow each other, `most` of them or somewhat more, so that none of what was kept as one is left out:
 * an atomic batch is whole in it or not in it at all. Empty when the first batch is not whole yet.
 */
export function wholeRun(events: readonly FeedEvent[], most: number): readonly FeedEvent[] {
  const inOrder = lengthInOrder(events);
  let whole = 0;
  for (let length = 1; length <= inOrder; length += 1) {
    if (!endsWhole(events[length - 1])) continue;
    if (length > most && whole > 0) break;
    whole = length;
    if (length >= most) break;
  }
  return events.slice(0, whole);
}

/** Whether nothing that was kept together with this event comes after it. */
const endsWhole = (of: FeedEvent | undefined): boolean =>
  of?.event.batchindex === undefined || of.event.batchindex + 1 === of.event.batchsize;
