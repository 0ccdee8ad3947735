import { useSyncExternalStore } from 'react';
import { Refused, request } from './client.ts';
import { ledgerPath } from './paths.ts';
import { type Message, MessageReader } from './eventStream.ts';

/** How the stream of a ledger's events is. */
export interface Live {
  /** Undefined: no ledger is followed yet. */
  readonly ledger: string | undefined;
  readonly state: 'connecting' | 'live' | 'lost' | 'ended';
  /** The last event that the ledger is known to have. */
  readonly head: number;
  /** Since when it is lost, in milliseconds; while it is live, when it last said anything. */
  readonly since: number;
  readonly why?: string | undefined;
}

/** An event as the stream sends it: as much of it as a line in a list needs. */
interface StreamedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly recordedtime: string;
  readonly sequence: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const RETRY_MS = [500, 1_000, 2_000, 5_000];
/** Many events in one moment are told as one: a view asks again once, not once for each. */
const TELL_AFTER_MS = 250;

let current: Live = { ledger: undefined, state: 'connecting', head: 0, since: Date.now() };
const listeners = new Set<() => void>();
const readers = new Set<(events: readonly StreamedEvent[]) => void>();
let waiting: StreamedEvent[] = [];
let telling: number | undefined;

export const useLive = (): Live => useSyncExternalStore(subscribe, () => current);

/** Tells of events as they come. @returns what ends it */
export function onEvents(reader: (events: readonly StreamedEvent[]) => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

/** What is asked about this ledger is asked about `head` or later; it is not followed by this alone. */
export function standAt(ledger: string, head: number): void {
  if (current.ledger === ledger && current.head === head && current.state === 'connecting') return;
  current = { ledger, state: 'connecting', head, since: Date.now() };
  tell();
}

/** Follows a ledger from `head` on, again and again, until it is stopped. @returns what stops it */
export function follow(ledger: string, head: number): () => void {
  const stop = new AbortController();
  standAt(ledger, head);
  void run(ledger, stop.signal);
  return () => {
    stop.abort();
  };
}

async function run(ledger: string, stop: AbortSignal): Promise<void> {
  const isOver = () => stop.aborted;
  for (let failed = 0; !isOver(); failed += 1) {
    try {
      await once(ledger, stop, () => {
        failed = 0;
      });
      if (!isOver()) lost('the stream ended');
    } catch (error) {
      if (isOver()) return;
      if (error instanceof Refused && [401, 403, 404].includes(error.problem.status)) {
        become({ state: 'ended', why: error.problem.detail, since: Date.now() });
        return;
      }
      lost(error instanceof Refused ? error.problem.detail : 'Lading does not answer');
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failed, RETRY_MS.length - 1)]));
  }
}

async function once(ledger: string, stop: AbortSignal, opened: () => void): Promise<void> {
  const answer = await request(`${ledgerPath(ledger)}/events/stream?after=${current.head}`, {
    headers: { accept: 'text/event-stream' },
    signal: stop,
  });
  opened();
  become({ state: 'live', why: undefined, since: Date.now() });
  const reader = new MessageReader();
  const text = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const piece = await text?.read();
    if (piece === undefined || piece.done) return;
    for (const message of reader.read(piece.value)) take(message);
  }
}

function take({ event, data }: Message): void {
  if (event !== 'message') return;
  waiting.push(JSON.parse(data) as StreamedEvent);
  telling ??= window.setTimeout(() => {
    telling = undefined;
    const events = waiting;
    waiting = [];
    become({ head: Math.max(current.head, ...events.map(({ sequence }) => Number(sequence))), since: Date.now() });
    for (const read of readers) read(events);
  }, TELL_AFTER_MS);
}

function lost(why: string): void {
  become({ state: 'lost', why, since: current.state === 'lost' ? current.since : Date.now() });
}

function become(change: Partial<Live>): void {
  current = { ...current, ...change };
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
