import type { Readable, Writable } from 'node:stream';
import { Turns } from '#platform/service/turns';
import { type StreamLine, Lines } from './lines.ts';
import { type Bounds, OrderedResults } from './orderedResults.ts';

interface PumpOptions extends Bounds {
  /** Bytes of one line at most. */
  readonly line: number;
  /** Asked before each line, when it is its turn: false stops the stream. */
  readonly mayTake?: () => boolean | Promise<boolean>;
}

/** Where a stream stands, for whoever bounds its memory and its time. */
export interface Standing {
  /** Bytes in memory: of the line that is not finished, and of those whose results are not written. */
  readonly bytes: number;
  /** The number of the line that is not finished. */
  readonly line: number;
  /** Whether the ledger has to say something before the stream can go on. */
  readonly awaiting: boolean;
}

export interface Watch {
  /** Told after each piece that came and each result that was written. */
  stands(standing: Standing): void;
  /** Resolves when the next piece may be read. */
  mayRead(): Promise<void>;
}

const unwatched: Watch = { stands: () => undefined, mayRead: async () => undefined };

/** What became of a stream: it was read to its end, stopped by the signal, or left by its client. */
type Pumped = 'ended' | 'stopped' | 'left';

/**
 * Answers every line of a stream with a line, in order, as the answers come. The stream is read no faster than answers are made
 * and read. A client that leaves in the middle of a line has not submitted that line.
 *
 * @param answer - never rejects
 * @param stop - aborted when nothing more should be read
 */
export async function pump(
  input: Readable,
  output: Writable,
  answer: (line: StreamLine) => Promise<string> | string,
  { line: lineLimit, mayTake = () => true, ...bounds }: PumpOptions,
  stop: AbortSignal = new AbortController().signal,
  watch = unwatched,
): Promise<Pumped> {
  const lines = new Lines(lineLimit);
  const stands = (): void => {
    watch.stands({ bytes: lines.held + results.weight, line: lines.number, awaiting: results.awaiting });
  };
  const results = new OrderedResults(output, bounds, stands);
  let pumped: Pumped = 'ended';

  const turns = new Turns();

  const take = async (found: Iterable<StreamLine>): Promise<boolean> => {
    for (const line of found) {
      if (turns.over) await turns.next();
      if (results.full && !(await results.room())) pumped = 'left';
      else {
        const may = mayTake();
        // A promise is awaited only where there is one: most lines are taken at once.
        if (stop.aborted || !(typeof may === 'boolean' ? may : await may)) pumped = 'stopped';
      }
      if (pumped !== 'ended') return false;
      results.add(answer(line), 'bytes' in line ? line.bytes.length : 0);
    }
    return true;
  };

  try {
    let going = true;
    for await (const chunk of until(stop, input)) {
      // A chunk may be nothing but blank lines.
      if (turns.over) await turns.next();
      going = await take(lines.push(chunk));
      if (!going) break;
      stands();
      await watch.mayRead();
    }
    if (stop.aborted) pumped = 'stopped';
    else if (going) await take(lines.end());
  } catch {
    pumped = 'left'; // the connection broke: the line that it broke in was never submitted
  }
  await results.finished();
  stands();
  return pumped;
}

/** The chunks of a stream until it ends or `stop` is aborted, even while no chunk comes. The stream is left open. */
async function* until(stop: AbortSignal, input: Readable): AsyncGenerator<Buffer> {
  const chunks = input.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  // Promise.race with one promise for the stop would leak: that promise would hold a reaction for every chunk until the end.
  let resolveWait: (end: undefined) => void = () => undefined;
  const onStop = (): void => {
    resolveWait(undefined);
  };
  stop.addEventListener('abort', onStop);
  try {
    while (!stop.aborted) {
      const chunk = await new Promise<IteratorResult<Buffer> | undefined>((resolve, reject) => {
        resolveWait = resolve;
        chunks.next().then(resolve, reject);
      });
      if (chunk === undefined || chunk.done === true) return;
      yield chunk.value;
    }
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}
