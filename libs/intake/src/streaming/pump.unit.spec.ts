import { describe, expect, it } from 'vitest';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { pump } from './pump.ts';

const BOUNDS = { line: 1000, inFlight: 4, inFlightBytes: 1000 };

/** Reads all that is written, as fast as it comes. */
function reader(): { output: Writable; lines: () => string[] } {
  let text = '';
  const output = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { output, lines: () => text.split('\n').slice(0, -1) };
}
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}`);

describe('a stream of lines', () => {
  it('a stream is answered line by line in its order, whichever answer is ready first', async () => {
    const { output, lines } = reader();
    const input = Readable.from([Buffer.from(`${numbered(20).join('\n')}\n`)]);
    const ended = await pump(input, output, async ({ number }) => sleep((number * 7) % 5, String(number)), BOUNDS);
    await turn();
    expect(ended).toBe('ended');
    expect(lines()).toEqual(numbered(20));
  });

  it('a stream has a bounded number of lines and of bytes in flight', async () => {
    for (const [bounds, most] of [
      [BOUNDS, 4],
      [{ ...BOUNDS, inFlightBytes: 12 }, 2],
    ] as const) {
      let inFlight = 0;
      let highest = 0;
      const answer = async (): Promise<string> => {
        highest = Math.max(highest, ++inFlight);
        await sleep(1);
        inFlight--;
        return 'done';
      };
      const input = Readable.from([Buffer.from('123456\n'.repeat(30))]);
      await pump(input, reader().output, answer, bounds);
      expect(highest).toBe(most);
    }
  });

  it('a stream is read no faster than its answers are read', async () => {
    let answered = 0;
    const output = new PassThrough({ highWaterMark: 100 }); // nobody reads it yet
    const input = Readable.from(Array.from({ length: 1000 }, () => Buffer.from('line\n')));
    const pumped = pump(input, output, () => (answered++, 'x'.repeat(50)), BOUNDS);
    await sleep(20);
    expect(answered).toBeLessThan(20);
    output.resume();
    expect(await pumped).toBe('ended');
    expect(answered).toBe(1000);
  });

  it('a line is answered as soon as its answer is ready, without waiting for the next line', async () => {
    const { output, lines } = reader();
    const input = new PassThrough();
    const pumped = pump(input, output, ({ number }) => String(number), BOUNDS);
    input.write('a\nb\nc');
    while (lines().length < 2) await sleep(1);
    expect(lines()).toEqual(['1', '2']);
    input.end();
    await pumped;
    expect(lines()).toEqual(['1', '2', '3']);
  });

  it('a stream that breaks in the middle of a line submits the lines before it, and not that line', async () => {
    const seen: string[] = [];
    const input = new PassThrough();
    const pumped = pump(
      input,
      reader().output,
      (line) => ('bytes' in line ? (seen.push(String(line.bytes)), '') : ''),
      BOUNDS,
    );
    input.write('{"a":1}\n{"b":');
    while (seen.length === 0) await turn();
    input.destroy(new Error('aborted'));
    expect(await pumped).toBe('left');
    expect(seen).toEqual(['{"a":1}']);
  });

  it('a stream is read no further when nobody reads its answers any more', async () => {
    let answered = 0;
    const output = new PassThrough({ highWaterMark: 10 });
    const input = Readable.from(Array.from({ length: 1000 }, () => Buffer.from('line\n')));
    const pumped = pump(input, output, () => (answered++, 'x'.repeat(50)), BOUNDS);
    await sleep(5);
    output.destroy();
    expect(await pumped).toBe('left');
    expect(answered).toBeLessThan(20);
  });

  it('a stream that is stopped still gives the answers of the lines that were read', async () => {
    const { output, lines } = reader();
    const stop = new AbortController();
    const input = Readable.from([Buffer.from(`${numbered(20).join('\n')}\n`)]);
    const answer = async ({ number }: { number: number }): Promise<string> => {
      await turn();
      if (number === 3) stop.abort();
      return String(number);
    };
    expect(await pump(input, output, answer, BOUNDS, stop.signal)).toBe('stopped');
    await turn();
    expect(lines()).toEqual(numbered(lines().length));
    expect(lines().length).toBeGreaterThanOrEqual(3);
    expect(lines().length).toBeLessThan(10);
  });

  it('a stream that is stopped while it waits for data ends, and an unfinished line is not submitted', async () => {
    const { output, lines } = reader();
    const stop = new AbortController();
    const input = new PassThrough();
    const pumped = pump(input, output, ({ number }) => String(number), BOUNDS, stop.signal);
    input.write('a\nb\nc');
    while (lines().length < 2) await turn();
    stop.abort();
    expect(await pumped).toBe('stopped');
    expect(lines()).toEqual(['1', '2']);
    expect(input.destroyed).toBe(false);
    input.destroy(new Error('the client left later'));
    await turn();
  });
});
