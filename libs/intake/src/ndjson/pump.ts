import type { Readable, Writable } from 'node:stream';
import { type Line, Lines } from './lines.ts';
import { type Bounds, OrderedResults } from './orderedResults.ts';

export interface PumpOptions extends Bounds {
  /** Bytes of one line at most. */
  readonly line: number;
}

/** What became of a stream: read to its end, stopped by `answer`, or left by its client. */
export type Pumped = 'ended' | 'stopped' | 'left';

/**
 * Answers every line of a stream with a line, in order, as the answers come. Reads no faster than the answers are made and
 * read. A client that leaves in the middle of a line has not submitted that line.
 *
 * @param answer - never rejects
 * @param stopped - asked before each line: true when nothing more should be read
 */
export async function pump(
  input: Readable,
  output: Writable,
  answer: (line: Line) => Promise<string> | string,
  { line: lineLimit, ...bounds }: PumpOptions,
  stopped: () => boolean = () => false,
): Promise<Pumped> {
  const lines = new Lines(lineLimit);
  const results = new OrderedResults(output, bounds);
  let pumped: Pumped = 'ended';

  const take = async (found: Iterable<Line>): Promise<boolean> => {
    for (const line of found) {
      if (results.full && !(await results.room())) pumped = 'left';
      else if (stopped()) pumped = 'stopped';
      if (pumped !== 'ended') return false;
      results.add(answer(line), 'bytes' in line ? line.bytes.length : 0);
    }
    return true;
  };

  try {
    let going = true;
    for await (const chunk of input.iterator({ destroyOnReturn: false })) {
      going = await take(lines.push(chunk as Buffer));
      if (!going) break;
    }
    if (going) await take(lines.end());
  } catch {
    pumped = 'left'; // the connection broke: the line that it broke in was never submitted
  }
  await results.finished();
  return pumped;
}
