import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** So that nobody in between takes a quiet stream for a dead one. */
export const KEEP_ALIVE_MS = 15_000;
const BATCH = 100;

interface Source {
  /** Starts after this sequence. */
  readonly from: number;
  readonly read: (
    after: number,
    limit: number,
  ) => Promise<readonly { readonly sequence: number; readonly bytes: Buffer }[]>;
  /** Resolves when there may be more, or after that many milliseconds: whether there was news. */
  readonly news: (ms: number) => Promise<boolean>;
  /** Aborted when the stream has to end. */
  readonly signal: AbortSignal;
}

/**
 * Writes server-sent events until the signal: all that there is, then what comes. It reads on only when the client has taken
 * what was written, so a slow one costs one batch of memory.
 */
export async function writeEventStream(reply: FastifyReply, headersOnly: boolean, source: Source): Promise<void> {
  const { raw } = reply;
  void reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // nginx would keep the events until its buffer is full.
    'x-accel-buffering': 'no',
  });
  reply.hijack();
  raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  try {
    if (headersOnly) return;
    await write(raw, 'retry: 1000\n\n', source.signal);
    await writeEvents(raw, source);
  } finally {
    raw.end();
  }
}

async function writeEvents(raw: ServerResponse, { from, read, news, signal }: Source): Promise<void> {
  let last = from;
  while (!signal.aborted) {
    const events = await read(last, BATCH);
    for (const { sequence, bytes } of events) {
      // The bytes are JSON without line breaks: one data line.
      await write(raw, Buffer.concat([Buffer.from(`id: ${sequence}\ndata: `), bytes, END]), signal);
      last = sequence;
    }
    if (events.length === BATCH) continue;
    const heard = await news(KEEP_ALIVE_MS);
    if (!heard) await write(raw, ': keep-alive\n\n', signal);
  }
}

const END = Buffer.from('\n\n');

async function write(raw: ServerResponse, chunk: string | Buffer, signal: AbortSignal): Promise<void> {
  if (signal.aborted || raw.write(chunk)) return;
  await once(raw, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
