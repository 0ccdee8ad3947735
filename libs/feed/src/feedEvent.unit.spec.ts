import { describe, expect, it } from '@jest/globals';
import { anAtomicBatch, anEvent, someEvents } from '#test/feed/someEvents';
import { type FeedEvent, toFeedEvent, wholeRun } from './feedEvent.ts';

const read = (events: readonly { readonly bytes: Buffer }[]) => events.map(({ bytes }) => toFeedEvent(bytes));
const large = (from: number, to: number) =>
  read(Array.from({ length: to - from + 1 }, (_, index) => anEvent('nvidia', from + index, 'x'.repeat(60_000))));

/** An event of a few bytes that moves this many units with serial numbers. */
function moving(sequence: number, units: number): FeedEvent {
  const [event] = read([anEvent('nvidia', sequence)]);
  if (event === undefined) throw new Error('there is one');
  const serials = { prefix: 'SN-', digits: 12, from: 1, to: units };
  const data = { ...event.event.data, moves: [{ serials }] };
  return { ...event, event: { ...event.event, data } as unknown as FeedEvent['event'] };
}

describe('a run of events', () => {
  it('has as many events as are asked for', () => {
    expect(wholeRun(read(someEvents('nvidia', 1, 500)), 200)).toHaveLength(200);
  });

  it('has fewer when they are large, and at least one', () => {
    const run = wholeRun(large(1, 100), 1_000);
    const bytes = run.reduce((sum, event) => sum + event.bytes.length, 0);
    expect(bytes).toBeLessThan(2_100_000);
    expect(run.length).toBeGreaterThan(20);
    expect(wholeRun([moving(1, 100_000), moving(2, 100_000)], 1_000)).toHaveLength(1);
  });

  it('has fewer when they name many serial numbers in few bytes', () => {
    const events = Array.from({ length: 100 }, (_, index) => moving(index + 1, 10_000));
    expect(wholeRun(events, 1_000)).toHaveLength(4);
  });

  it('has every atomic batch whole, however heavy it is, and ends before the next one', () => {
    const batch = read(anAtomicBatch('nvidia', 1, 50)).map((event) => ({ ...event, bytes: Buffer.alloc(60_000) }));
    expect(wholeRun([...batch, ...large(51, 60)], 10)).toHaveLength(50);
    expect(wholeRun([...large(1, 10), ...read(anAtomicBatch('nvidia', 11, 900))], 100)).toHaveLength(10);
    expect(wholeRun(batch.slice(0, 49), 10)).toHaveLength(0);
  });
});
