/** What one request may hold. Whole bodies are bounded by the platform (`MAX_BODY_BYTES`, `MAX_BATCH_BYTES`). */
export const limits = {
  /** Bytes of one line of a stream. An event, completed, is at most 65,535; white space is free. */
  line: 1_048_576,
  batchEvents: 10_000,
  atomicEvents: 1_000,
  /** Events of one request that are with the journal at once: two of its batches, so that it never waits for us; others queue behind them. */
  inFlight: 512,
  /** Bytes of them: a stream of large events holds no more memory than one of small ones. */
  inFlightBytes: 8 * 1_048_576,
  /** A stream whose client neither sends nor reads for so long is cut. Milliseconds. */
  streamIdle: 60_000,
} as const;
