import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { problem } from '#contracts/problem';
import { ProblemError } from '#platform/http/problemError';

interface StreamedEvent {
  readonly sequence: number;
  readonly bytes: Buffer;
}

const END = Buffer.from('\n\n');
/** How long a client may take to read the end of a stream that was ended. */
const LAST_WORDS_MS = 10_000;

/**
 * Writes pages of events as server-sent events, and a comment for an empty page. It asks for the next page only when the client
 * has taken what was written, so a slow client costs the memory of one page.
 *
 * @param whyEnded - why the stream was stopped, where its client is to be told: the last message is then a problem document
 */
export async function writeEventStream(
  reply: FastifyReply,
  headersOnly: boolean,
  pages: AsyncIterable<readonly StreamedEvent[]>,
  stop: AbortSignal,
  whyEnded: () => ProblemError | undefined = () => undefined,
): Promise<void> {
  const { raw } = reply;
  let refusal: ProblemError | undefined;
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
      await write(raw, page.length === 0 ? ': keep-alive\n\n' : messagesOf(page), stop);
    }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    refusal = error;
  } finally {
    endWith(raw, refusal ?? whyEnded());
  }
}

/** Streams that stand at the same place have the same page: it is put together once, and all of them send the same bytes. */
const messages = new WeakMap<readonly StreamedEvent[], Buffer>();

function messagesOf(page: readonly StreamedEvent[]): Buffer {
  const known = messages.get(page);
  if (known !== undefined) return known;
  // The bytes of an event are JSON without line breaks: one data line.
  const all = Buffer.concat(
    page.flatMap(({ sequence, bytes }) => [Buffer.from(`id: ${sequence}\ndata: `), bytes, END]),
  );
  messages.set(page, all);
  return all;
}

function endWith(raw: ServerResponse, refusal: ProblemError | undefined): void {
  if (raw.destroyed) return;
  const timer = setTimeout(() => raw.destroy(), LAST_WORDS_MS).unref();
  raw.once('close', () => {
    clearTimeout(timer);
  });
  if (refusal === undefined) raw.end();
  else raw.end(`event: problem\ndata: ${JSON.stringify(problem(refusal.status, refusal.code, refusal))}\n\n`);
}

async function write(raw: ServerResponse, chunk: string | Buffer, stop: AbortSignal): Promise<void> {
  if (stop.aborted || raw.write(chunk)) return;
  await once(raw, 'drain', { signal: stop }).catch((error: unknown) => {
    if (!stop.aborted) throw error;
  });
}
