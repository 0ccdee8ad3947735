import type { FeedEvent } from '#feed/feedEvent';
import { exitCodes, UserError } from '../exitCodes.ts';

/**
 * Holds a stream to what a ledger promises: 1, 2, 3 … without a gap. Repeats are skipped.
 * @throws UserError at a hole: what follows cannot be trusted
 */
export async function* inOrder(events: AsyncIterable<FeedEvent>): AsyncGenerator<FeedEvent> {
  let last = 0;
  for await (const event of events) {
    if (event.sequence <= last) continue;
    if (event.sequence !== last + 1) {
      throw new UserError(
        `The stream has a hole: after event ${last} comes ${event.sequence}. What follows was not replayed.`,
        exitCodes.broken,
      );
    }
    last = event.sequence;
    yield event;
  }
}
