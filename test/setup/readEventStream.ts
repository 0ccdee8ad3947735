import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Problem } from '#contracts/problem';

export interface StreamedEvent {
  readonly id: number;
  readonly data: string;
}

export interface EventStream {
  readonly response: IncomingMessage;
  /** The events that came so far. */
  readonly events: StreamedEvent[];
  /** The problem documents of the messages that say why the stream ends. */
  readonly problems: Problem[];
  /** Resolves when this many events have come; rejects when the stream ended before. */
  until(count: number): Promise<StreamedEvent[]>;
  /** Resolves when the service has ended the stream. */
  readonly ended: Promise<void>;
  hangUp(): void;
}

/** Server-sent events as a client sees them on the wire. */
export async function readEventStream(
  url: string,
  key: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const sent = request(url, { headers: { authorization: `Bearer ${key}`, ...headers } });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject).end();
  });
  const events: StreamedEvent[] = [];
  const problems: Problem[] = [];
  let buffer = '';
  let tell: () => void = () => undefined;
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const blocks = (buffer + chunk).split('\n\n');
    buffer = blocks.pop() ?? '';
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (block.startsWith('event: problem\n')) problems.push(JSON.parse(String(data)) as Problem);
      if (id !== undefined && data !== undefined) events.push({ id: Number(id), data });
    }
    tell();
  });
  let over = false;
  const ended = new Promise<void>((resolve) => {
    response.on('close', () => {
      over = true;
      tell();
      resolve();
    });
    response.on('error', () => undefined);
  });
  return {
    response,
    events,
    problems,
    ended,
    hangUp: () => sent.destroy(),
    until: async (count) => {
      while (events.length < count) {
        if (over) throw new Error(`the stream ended after ${events.length} events`);
        await new Promise<void>((resolve) => (tell = resolve));
      }
      return events;
    },
  };
}
