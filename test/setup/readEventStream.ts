import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { FlagChange } from '#contracts/flagRows';
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
  /** The flags that were raised and cleared. */
  readonly flags: FlagChange[];
  /** Resolves when this many flags have come; rejects when the stream ended before. */
  untilFlags(count: number): Promise<FlagChange[]>;
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
  const flags: FlagChange[] = [];
  let buffer = '';
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const awaken of waiting) awaken();
    waiting.clear();
  };
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const blocks = (buffer + chunk).split('\n\n');
    buffer = blocks.pop() ?? '';
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (block.startsWith('event: problem\n')) problems.push(JSON.parse(String(data)) as Problem);
      if (block.startsWith('event: flag\n')) flags.push(JSON.parse(String(data)) as FlagChange);
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
  const untilThereAre = async (all: readonly unknown[], count: number, what: string) => {
    while (all.length < count) {
      if (over) throw new Error(`the stream ended after ${all.length} ${what}`);
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };
  return {
    response,
    events,
    problems,
    flags,
    ended,
    hangUp: () => sent.destroy(),
    until: async (count) => {
      await untilThereAre(events, count, 'events');
      return events;
    },
    untilFlags: async (count) => {
      await untilThereAre(flags, count, 'flags');
      return flags;
    },
  };
}
