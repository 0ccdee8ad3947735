import { MAX_BODY_BYTES } from '#platform/http/createAdapter';

/** What one request may hold. */
export const limits = {
  /** Bytes of one event: 65,535 at most when it is completed, and it may be sent with much white space. */
  body: MAX_BODY_BYTES,
  /** Bytes of a batch: 10,000 events of the usual size. */
  batchBody: 16_777_216,
  /** Bytes of one line of a stream. */
  line: MAX_BODY_BYTES,
  batchEvents: 10_000,
  atomicEvents: 1_000,
  /** Field errors that are listed in the answer to one request, over all of its events. */
  fieldErrors: 100,
  /** Bytes of the results of a batch; past them, a problem says what is wrong in a sentence, and has no facts beside it. */
  results: 2 * 1_048_576,
  /** Events of one request that are with the journal at once: two of its batches, so that it always has a full one to take. */
  inFlight: 512,
  /** Bytes of them: a stream of large events holds no more memory than one of small ones. */
  inFlightBytes: 4 * 1_048_576,
  /** Streams that are open, and the bytes that all of them hold: a stream waits until there is room for its next bytes. */
  streams: { ofKey: 32, all: 128 },
  streamBytes: { ofKey: 16 * 1_048_576, all: 32 * 1_048_576 },
  /** A stream that brings no line end for so long is ended, whatever else comes: a blank line keeps it open. Milliseconds. */
  streamIdle: 60_000,
} as const;
