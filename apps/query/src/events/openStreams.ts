import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { Drain } from '#platform/http/drain';
import { gauge } from '#platform/watching/metrics';

const MAX_STREAMS = 1_000;

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

  constructor(private readonly drain: Drain) {}

  get full(): boolean {
    return this.#all.size >= MAX_STREAMS;
  }

  open(response: ServerResponse): OpenStream {
    const ended = new AbortController();
    const stream: OpenStream = {
      stop: ended.signal,
      end: () => {
        if (this.#all.delete(stream)) openStreams.dec();
        this.drain.signal.removeEventListener('abort', stream.end);
        ended.abort();
      },
    };
    this.#all.add(stream);
    openStreams.inc();
    response.once('close', stream.end);
    this.drain.signal.addEventListener('abort', stream.end);
    return stream;
  }
}
