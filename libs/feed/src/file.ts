import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import { Turns } from '#platform/service/turns';
import { Consumption, type ConsumptionOptions } from './consumption.ts';
import { type Feed, type FeedState, feedState, type Sink } from './feed.ts';
import { type FeedEvent, toFeedEvent } from './feedEvent.ts';
import { silent } from './observer.ts';
import { reasonOf, Runner } from './runner.ts';

interface FileFeedOptions extends ConsumptionOptions {
  /** A path, or what is read from standard input. NDJSON: the exact bytes of one event a line, of any number of ledgers. */
  readonly file: string | Readable;
}

/** The file is not what it must be; the message names the line. */
export class FileFeedError extends Error {
  override readonly name = 'FileFeedError';
}

const NEWLINE = 0x0a;
const BATCH_BYTES = 8_388_608;

/**
 * An export, read once from its start to its end. A file has no further back and nothing to wait for: a hole is filled from
 * the journal where one is given, else that ledger is parked, and `run` resolves all the same: look at `state().parked`.
 */
export class FileFeed implements Feed {
  readonly #options: FileFeedOptions;
  readonly #runner = new Runner({});
  #consumption: Consumption | undefined;

  constructor(options: FileFeedOptions) {
    this.#options = options;
  }

  /** @throws FileFeedError for a line that is not an event, after applying what stands before it */
  run(sink: Sink): Promise<void> {
    return this.#runner.run((running) => this.#read(sink, running));
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }

  state(): FeedState {
    return feedState(this.#runner.state(), this.#consumption);
  }

  async #read(sink: Sink, running: () => void): Promise<void> {
    const stop = this.#runner.stopping;
    const consumption = new Consumption(sink, stop, this.#options);
    this.#consumption = consumption;
    await consumption.load();
    running();

    const waiting = new Map<string, FeedEvent[]>();
    const sizes = new Map<string, number>();
    const flush = async (ledger: string) => {
      const events = waiting.get(ledger) ?? [];
      waiting.delete(ledger);
      sizes.delete(ledger);
      if (events.length === 0) return;
      await consumption.head(ledger, events.at(-1)?.sequence ?? 0);
      await consumption.take(ledger, events);
    };
    try {
      for await (const event of eventsInFile(this.#options.file, stop)) {
        const gathered = waiting.get(event.ledger) ?? [];
        waiting.set(event.ledger, gathered);
        gathered.push(event);
        const bytes = (sizes.get(event.ledger) ?? 0) + event.bytes.length;
        sizes.set(event.ledger, bytes);
        if (gathered.length >= (this.#options.batch ?? 1_000) || bytes >= BATCH_BYTES) await flush(event.ledger);
      }
    } finally {
      for (const ledger of [...waiting.keys()]) await flush(ledger);
      (this.#options.log ?? silent).debug({ parked: consumption.parked.length }, 'the file is read');
    }
  }
}

/** The events of an export as they stand there. @throws FileFeedError for a line that is not an event */
export async function* eventsInFile(
  file: string | Readable,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<FeedEvent> {
  let number = 0;
  // A megabyte that is read has thousands of lines: to go to the next of them lets nobody else run.
  const turns = new Turns();
  for await (const line of lines(file, signal)) {
    number += 1;
    if (line.length === 0) continue;
    if (turns.over) await turns.next();
    // A decoder would put U+FFFD there, and tell nobody that these are not the bytes which were recorded.
    if (!isUtf8(line)) throw new FileFeedError(`line ${number} is not UTF-8: it was changed since it was written`);
    let event: FeedEvent;
    try {
      event = toFeedEvent(line);
    } catch (error) {
      throw new FileFeedError(`line ${number} is not an event: ${reasonOf(error)}`);
    }
    yield event;
  }
}

/** The lines as bytes, without their ends: text would not give back what is not valid UTF-8. */
async function* lines(file: string | Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const source = typeof file === 'string' ? createReadStream(file, { highWaterMark: 1_048_576 }) : file;
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      let from = 0;
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
        if (signal.aborted) return;
        number += 1;
        yield bytes.subarray(from, end);
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > MAX_EVENT_BYTES)
        throw new FileFeedError(`line ${number + 1} is longer than any event (${MAX_EVENT_BYTES} bytes)`);
    }
    if (rest.length > 0 && !signal.aborted) yield rest;
  } finally {
    if (typeof file === 'string') source.destroy();
  }
}
