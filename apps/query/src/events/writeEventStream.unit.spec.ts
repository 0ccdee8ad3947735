import { describe, expect, it } from 'vitest';
import type { FastifyReply } from 'fastify';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { follow } from '#journal/tail';
import { Signal } from '#platform/database/signal';
import { writeEventStream } from './writeEventStream.ts';

/** A response whose reader decides when it takes something. */
function slowReply(highWaterMark: number) {
  const raw = Object.assign(new PassThrough({ highWaterMark }), { writeHead: () => undefined });
  return {
    raw,
    hijack: () => undefined,
    headers: () => undefined,
    getHeaders: () => ({}),
  } as unknown as FastifyReply & {
    raw: PassThrough;
  };
}

describe('writing an event stream', () => {
  it('an event stream reads no further while its client takes nothing, and continues when the client does', async () => {
    const reply = slowReply(2_000);
    const end = new AbortController();
    let read = -1;
    const events = follow({
      read: async (after) => {
        if (after === 1_000) end.abort();
        read = after;
        const bytes = Buffer.alloc(100, 'x');
        const events = Array.from({ length: 100 }, (_, i) => ({ ledger: 'nvidia', sequence: after + i + 1, bytes }));
        return { events, more: true };
      },
      ...{ after: 0, signal: new Signal(), quietMs: 60_000, stop: end.signal },
    });
    const done = writeEventStream(reply, false, events, end.signal);
    await sleep(50);
    expect(read).toBe(0);

    let taken = '';
    reply.raw.on('data', (chunk: Buffer) => (taken += chunk.toString()));
    await done;
    const ids = [...taken.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
  });

  it('a quiet event stream has comments that show that it is alive', async () => {
    const reply = slowReply(2_000);
    const end = new AbortController();
    let looks = 0;
    const events = follow({
      read: async () => {
        if (++looks === 3) end.abort();
        return { events: [], more: false };
      },
      ...{ after: 0, signal: new Signal(), quietMs: 1, stop: end.signal },
    });
    await writeEventStream(reply, false, events, end.signal);
    expect((reply.raw.read() as Buffer).toString()).toBe('retry: 1000\n\n: keep-alive\n\n: keep-alive\n\n');
  });
});
