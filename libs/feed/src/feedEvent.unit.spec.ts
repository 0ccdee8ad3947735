import { describe, expect, it } from 'vitest';
import { anAtomicBatch, anEvent, someEvents } from '#test/feed/someEvents';
import { type FeedEvent, toFeedEvent, wholeRun } from './feedEvent.ts';

const read = (events: readonly { readonly bytes: Buffer }[]) => events.map(({ bytes }) => toFeedEvent(bytes));
const large = (from: number, to: number) =>
  read(Array.from({ length: to - from + 1 }, (_, index) => anEvent('nvidia', from + index, 'x'.repeat(60_000))));

/** An event that moves units with these serial numbers. */
function moving(sequence: number, serials: unknown): FeedEvent {
  const event = JSON.parse(String(anEvent('nvidia', sequence).bytes)) as { data: object };
  return toFeedEvent(Buffer.from(JSON.stringify({ ...event, data: { ...event.data, moves: [{ serials }] } })));
}
const list = Array.from({ length: 3_000 }, (_, at) => `${at}x`);
const range = { prefix: 'SN-', digits: 12, from: 1, to: 100_000 };

describe('a run of events', () => {
  it('has as many events as are asked for', () => {
    expect(wholeRun(read(someEvents('nvidia', 1, 500)), 200)).toHaveLength(200);
  });

  it('has fewer when they are large, and at least one', () => {
    const run = wholeRun(large(1, 100), 1_000);
    const bytes = run.reduce((sum, event) => sum + event.bytes.length, 0);
    expect(bytes).toBeLessThan(2_100_000);
    expect(run.length).toBeGreaterThan(20);
  });

  it('has fewer when they list many serial numbers one by one, and as many as ever when a range names them', () => {
    const events = (serials: unknown) => Array.from({ length: 100 }, (_, index) => moving(index + 1, serials));
    expect(wholeRun(events(list), 1_000)).toHaveLength(4);
    expect(wholeRun(events(range), 1_000)).toHaveLength(100);
  });

  it('has every atomic batch whole, however heavy it is, and ends before the next one', () => {
    const batch = read(anAtomicBatch('nvidia', 1, 50)).map((event) => ({ ...event, weight: 60_000 }));
    expect(wholeRun([...batch, ...large(51, 60)], 10)).toHaveLength(50);
    expect(wholeRun([...large(1, 10), ...read(anAtomicBatch('nvidia', 11, 900))], 100)).toHaveLength(10);
    expect(wholeRun(batch.slice(0, 49), 10)).toHaveLength(0);
  });
});
