import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

interface StreamedEvent {
  readonly sequence: number;
  readonly bytes: Buffer;
}

const END = Buffer.from('\n\n');

/**
 * Writes pages of events as server-sent events, and a comment for an empty page. It asks for the next page only when the client
 * has taken what was written, so a slow client costs the memory of one page.
 */
export async function writeEventStream(
  reply: FastifyReply,
  headersOnly: boolean,
  pages: AsyncIterable<readonly StreamedEvent[]>,
  stop: AbortSignal,
): Promise<void> {
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
    await write(raw, 'retry: 1000\n\n', stop);
    for await (const page of pages) {
      if (page.length === 0) await write(raw, ': keep-alive\n\n', stop);
      for (const { sequence, bytes } of page) {
        // The bytes are JSON without line breaks: one data line.
        await write(raw, Buffer.concat([Buffer.from(`id: ${sequence}\ndata: `), bytes, END]), stop);
      }
    }
  } finally {
    raw.end();
  }
}

async function write(raw: ServerResponse, chunk: string | Buffer, stop: AbortSignal): Promise<void> {
  if (stop.aborted || raw.write(chunk)) return;
  await once(raw, 'drain', { signal: stop }).catch((error: unknown) => {
    if (!stop.aborted) throw error;
  });
}
