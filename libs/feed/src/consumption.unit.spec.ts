import { describe, expect, it } from 'vitest';
import pg from 'pg';
import { anAtomicBatch, someEvents } from '#test/feed/someEvents';
import { Consumption } from './consumption.ts';
import type { Sink } from './feed.ts';
import { type FeedEvent, toFeedEvent } from './feedEvent.ts';

const read = (events: readonly { readonly bytes: Buffer }[]) => events.map(({ bytes }) => toFeedEvent(bytes));

/** A sink that has time for so many events only, and says then what PostgreSQL says. */
function slowSink(most: number, code: string) {
  const applied: number[] = [];
  const tried: number[] = [];
  const apply = async (_ledger: string, events: readonly FeedEvent[]) => {
    tried.push(events.length);
    if (events.length > most) throw Object.assign(new pg.DatabaseError('too slow', 0, 'error'), { code });
    applied.push(...events.map(({ sequence }) => sequence));
    return { outcome: 'applied' as const, sequence: events.at(-1)?.sequence ?? 0 };
  };
  const sink: Sink = { apply, positions: async () => new Map(), stopAtHole: async () => undefined };
  const consumption = new Consumption(sink, new AbortController().signal, { backoff: { first: 1, most: 1 } });
  return { consumption, applied, tried };
}

describe('a batch of which a sink has no time for the whole', () => {
  // idle in a transaction, the transaction's time, the connection
  it.each(['25P03', '25P04', '08006'])(
    'is divided after each failure (%s), and everything is applied once',
    async (code) => {
      const { consumption, applied, tried } = slowSink(70, code);
      expect(await consumption.take('nvidia', read(someEvents('nvidia', 1, 500)))).toBe('done');
      expect(applied).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
      expect(tried.slice(0, 5)).toEqual([500, 250, 125, 62, 124]);
    },
  );

  it('is never divided inside an atomic batch', async () => {
    const { consumption, applied, tried } = slowSink(30, '25P04');
    const events = read([...anAtomicBatch('nvidia', 1, 30), ...anAtomicBatch('nvidia', 31, 60)]);
    expect(await consumption.take('nvidia', events)).toBe('done');
    expect(applied).toHaveLength(60);
    expect(tried).toEqual([60, 30, 30]);
  });
});
