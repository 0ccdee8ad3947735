import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { Gauge } from 'prom-client';
import { Drain } from '#platform/http/drain';
import { registry } from '#platform/watching/metrics';

const MAX_STREAMS = 1_000;

const openStreams = new Gauge({
  name: 'lading_query_event_streams',
  help: 'Streams of server-sent events that are open',
  registers: [registry],
});

export interface OpenStream {
  /** Aborted when the client is gone, the process stops, or somebody ends the stream. */
  readonly signal: AbortSignal;
  /** Ends it. */
  readonly now: () => void;
}

/** The event streams that are open, so that they can be counted, limited, and ended. */
@Injectable()
export class OpenStreams {
  private readonly all = new Set<OpenStream>();

  constructor(private readonly drain: Drain) {}

  get count(): number {
    return this.all.size;
  }

  get full(): boolean {
    return this.all.size >= MAX_STREAMS;
  }

  open(response: ServerResponse): OpenStream {
    const ended = new AbortController();
    const stream: OpenStream = {
      signal: ended.signal,
      now: () => {
        if (this.all.delete(stream)) openStreams.dec();
        this.drain.signal.removeEventListener('abort', stream.now);
        ended.abort();
      },
    };
    this.all.add(stream);
    openStreams.inc();
    response.once('close', stream.now);
    this.drain.signal.addEventListener('abort', stream.now);
    return stream;
  }
}
