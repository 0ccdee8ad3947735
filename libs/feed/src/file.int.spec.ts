import { describe, expect, it } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { feedContract } from '#test/feed/feedContract';
import { someEvents } from '#test/feed/someEvents';
import { TableSink } from '#test/feed/tableSink';
import { createPool } from '#platform/database/database';
import { freshDatabase } from '#test/setup/freshDatabase';
import { eventsInFile, FileFeed } from './file.ts';

const newline = Buffer.from('\n');
const ndjson = (events: readonly { bytes: Buffer }[]) => Buffer.concat(events.flatMap(({ bytes }) => [bytes, newline]));

describe('a file of events', () => {
  feedContract({ endless: false, secondHand: true }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lading-file-feed-'));
    const file = join(folder, 'events.ndjson');
    return {
      publish: (events) => writeFile(file, ndjson(events), { flag: 'a' }),
      feed: (options) => new FileFeed({ file, ...options }),
      close: () => rm(folder, { recursive: true }),
    };
  });

  it('a feed of a file ends at the end of the file, which may lack its newline, and names a line that is no event after applying the lines before it', async () => {
    const { url } = await freshDatabase();
    const pool = createPool(url);
    const sink = await TableSink.on(pool);
    const events = someEvents('nvidia', 1, 5);

    const whole = new FileFeed({ file: Readable.from([ndjson(events.slice(0, 2)).subarray(0, -1)]) });
    await whole.run(sink);
    expect(whole.state()).toEqual({ state: 'stopped', parked: [] });
    expect(await sink.applied('nvidia')).toHaveLength(2);

    const text = [
      ndjson(events.slice(2, 4)),
      Buffer.from('{"specversion":"1.0","ledger":'),
      newline,
      ndjson(events.slice(4)),
    ];
    await expect(new FileFeed({ file: Readable.from(text) }).run(sink)).rejects.toThrow(/^line 3 is not an event/);
    expect(await sink.applied('nvidia')).toHaveLength(4);

    const endless = new FileFeed({ file: Readable.from([Buffer.alloc(70_000, 'x')]) });
    await expect(endless.run(sink)).rejects.toThrow(/line 1 is longer than any event/);
    await pool.end();
  });

  it('a line that is not UTF-8 is refused by its number, and never read as another text', async () => {
    const right = ndjson(someEvents('nvidia', 1, 2));
    const sequences: number[] = [];
    const wrong = Buffer.from(right);
    // Inside of the text of an id, so that the line stays JSON.
    wrong[wrong.lastIndexOf('"id":"') + 6] = 0xfc;
    const read = async () => {
      for await (const { sequence } of eventsInFile(Readable.from([wrong]))) sequences.push(sequence);
    };
    await expect(read()).rejects.toThrow(/^line 2 is not UTF-8/);
    expect(sequences).toEqual([1]);
  });

  it('the lines of a piece that was read are decoded in turns: others are served between two of them', async () => {
    let served = 0;
    const seen: number[] = [];
    for await (const { sequence } of eventsInFile(Readable.from([ndjson(someEvents('nvidia', 1, 3))]))) {
      seen.push(sequence, served);
      // Longer than a turn, on any machine.
      for (const began = performance.now(); performance.now() - began < 6; );
      setImmediate(() => served++);
    }
    // Whether what waits is served before the second line or after it depends on who asked first; before the third it was.
    expect(seen).toEqual([1, 0, 2, expect.any(Number), 3, 2]);
  });
});
