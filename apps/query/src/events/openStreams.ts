import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { Drain } from '#platform/http/drain';
import { ProblemError, unavailable } from '#platform/http/problemError';
import { gauge } from '#platform/watching/metrics';

const MAX_STREAMS = 1_000;
const MAX_OF_KEY = 100;

const openStreams = gauge('lading_query_event_streams', 'Streams of server-sent events that are open');

interface OpenStream {
  /** Aborted when the client is gone, the process stops, or somebody ends the stream. */
  readonly stop: AbortSignal;
  readonly end: () => void;
}

/** The event streams that are open: they are counted, limited, and ended when the process stops. */
@Injectable()
export class OpenStreams {
  readonly #all = new Set<OpenStream>();
  readonly #ofKey = new Map<string, number>();

  constructor(private readonly drain: Drain) {}

  /** @throws the 429 of a key that has too many, and the 503 of a process that has too many */
  open(key: string, response: ServerResponse): OpenStream {
    const ofKey = this.#ofKey.get(key) ?? 0;
    if (ofKey >= MAX_OF_KEY) throw tooMany(key);
    if (this.#all.size >= MAX_STREAMS) throw unavailable('too many streams are open: ask again later', { seconds: 10 });
    const ended = new AbortController();
    const stream: OpenStream = {
      stop: ended.signal,
      end: () => {
        if (this.#all.delete(stream)) this.#closed(key);
        this.drain.signal.removeEventListener('abort', stream.end);
        ended.abort();
      },
    };
    this.#all.add(stream);
    this.#ofKey.set(key, ofKey + 1);
    openStreams.inc();
    response.once('close', stream.end);
    this.drain.signal.addEventListener('abort', stream.end);
    return stream;
  }

  #closed(key: string): void {
    openStreams.dec();
    const left = (this.#ofKey.get(key) ?? 1) - 1;
    if (left === 0) this.#ofKey.delete(key);
    else this.#ofKey.set(key, left);
  }
}

function tooMany(key: string): ProblemError {
  const detail = `the key "${key}" has ${MAX_OF_KEY} event streams open, which is the most: end one, or wait until one has ended`;
  return new ProblemError(429, 'too-many-requests', detail, { headers: { 'retry-after': '10' } });
}
