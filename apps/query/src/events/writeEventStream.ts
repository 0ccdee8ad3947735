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
 * Writes pages of events as server-sent events, and a comment for an empty page; other messages as they are. It asks for the next page only when the client
 * has taken what was written, so a slow client costs the memory of one page.
 *
 * @param whyEnded - why the stream was stopped, where its client is to be told: the last message is then a problem document
 */
export async function writeEventStream(
  reply: FastifyReply,
  headersOnly: boolean,
  pages: AsyncIterable<readonly StreamedEvent[] | Buffer>,
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
      await write(raw, Buffer.isBuffer(page) ? page : messagesOf(page), stop);
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

function messagesOf(page: readonly StreamedEvent[]): Buffer | string {
  if (page.length === 0) return ': keep-alive\n\n';
  const known = messages.get(page);
  if (known !== undefined) return known;
  // The bytes of an event are JSON without line breaks: one data line.
  const all = Buffer.concat(
    page.flatMap(({ sequence, bytes }) => [Buffer.from(`id: ${sequence}\ndata: `), bytes, END]),
  );
  messages.set(page, all);
  return all;
}

/** What two sources give, as either has it, until one of them ends. Neither is asked for more before what it gave was taken. */
export async function* together<A, B>(one: AsyncGenerator<A>, other: AsyncGenerator<B>): AsyncGenerator<A | B> {
  const sources: readonly AsyncGenerator<A | B>[] = [one, other];
  const ask = (source: AsyncGenerator<A | B>) => source.next().then((given) => ({ source, given }));
  const asked = new Map(sources.map((source) => [source, ask(source)]));
  try {
    for (;;) {
      const { source, given } = await Promise.race(asked.values());
      if (given.done === true) return;
      yield given.value;
      asked.set(source, ask(source));
    }
  } finally {
    // Whoever stops this also stops what the sources wait for: nobody waits for them here.
    for (const source of sources) source.return(undefined).catch(() => undefined);
  }
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
