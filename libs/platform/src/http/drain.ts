import { Injectable } from '@nestjs/common';
import { setMaxListeners } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problem } from '#contracts/problem';
import { beginInTime } from '../service/turns.ts';
import { counter } from '../watching/metrics.ts';
import { Budget, type Full } from './admission.ts';

/** The part of the patience after which it is nearly over. */
const LAST_CALL = 0.8;

/** Lets a process stop without cutting off the answers that it has begun. */
@Injectable()
export class Drain {
  readonly #controller = new AbortController();
  readonly #lastCall = new AbortController();
  #inFlight = 0;
  #emptied: (() => void) | undefined;

  /** Aborted when the process is about to stop. Answers that never end by themselves, such as streams of events, end then. */
  readonly signal = this.#controller.signal;

  /** Aborted when the patience with what is under way is nearly over: what waits for something else is to be answered now. */
  readonly lastCall = this.#lastCall.signal;

  constructor() {
    // Each open stream listens. Node would take more than ten of them for a leak, and warn.
    setMaxListeners(0, this.signal, this.lastCall);
  }

  get draining(): boolean {
    return this.signal.aborted;
  }

  /** Requests that are being answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  begin(): void {
    this.#inFlight++;
  }

  end(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) this.#emptied?.();
  }

  /** Resolves when no request is being answered any more, and after `patienceMs` at the latest. */
  async finish(patienceMs: number): Promise<void> {
    this.#controller.abort();
    if (this.#inFlight === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const lastCall = setTimeout(() => {
      this.#lastCall.abort();
    }, patienceMs * LAST_CALL);
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
      timer = setTimeout(resolve, patienceMs);
    });
    clearTimeout(timer);
    clearTimeout(lastCall);
  }
}

/** How long answers wait for clients that do not take them, and how many of their bytes wait in memory. */
export interface AnswerLimits {
  /** A client takes at least `windowBytes` of what waits for it in this time, or all of it. Milliseconds. */
  readonly windowMs: number;
  readonly windowBytes: number;
  /** Bytes of answers that are made and not taken yet: of one key, and of all. Those without a key count as one key. */
  readonly unreadOfKey: number;
  readonly unread: number;
  /** Requests of one connection that are not answered yet: more of them are an attack, and end the connection. */
  readonly pipelined: number;
}

export const answerLimits: AnswerLimits = {
  windowMs: 30_000,
  windowBytes: 245_760,
  unreadOfKey: 33_554_432,
  unread: 100_663_296,
  pipelined: 32,
};

const givenUp = counter(
  'lading_http_answers_given_up_total',
  'Connections that were ended, because their client did not take its answer',
);

const COUNTED = Symbol('counted');
type Counted = { [COUNTED]?: { readonly key: string; readonly bytes: number } };

/** The answers that are made and not taken yet, counted in bytes. */
export class UnreadAnswers {
  readonly #bytes: Budget;

  constructor({ unreadOfKey, unread }: AnswerLimits) {
    this.#bytes = new Budget({ ofKey: unreadOfKey, all: unread });
  }

  /** Whose answers leave no room for `bytes` more: the key's own, or those of all keys. */
  full(key: string, bytes: number): Full | undefined {
    return this.#bytes.full(key, bytes);
  }

  /** Until `taken` is called with the same request. */
  count(key: string, bytes: number, request: object): void {
    (request as Counted)[COUNTED] = { key, bytes };
    this.#bytes.take(key, bytes);
  }

  /** The client has taken the answer to this request, or is gone. */
  taken(request: object): void {
    const counted = (request as Counted)[COUNTED];
    if (counted !== undefined) this.#bytes.take(counted.key, -counted.bytes);
  }
}

/** The problem document in the place of an answer that nobody would take soon. Only questions have such answers: nothing is lost. */
export function refuseToHold(whose: 'key' | 'all', request: FastifyRequest, reply: FastifyReply): Buffer {
  for (const name of Object.keys(reply.getHeaders())) if (name !== 'x-content-type-options') reply.removeHeader(name);
  const detail = 'too much of earlier answers was not taken yet: read them, or ask for smaller pages';
  const [status, code] = whose === 'key' ? ([429, 'too-many-requests'] as const) : ([503, 'unavailable'] as const);
  void reply.code(status).header('retry-after', '5').header('content-type', 'application/problem+json');
  return Buffer.from(JSON.stringify(problem(status, code, { detail, instance: request.url.split('?', 1)[0] })));
}

/** Two hundred connections that each sent 31 requests ahead were answered in one go of 107 ms. */
export function beginRequestsInTime(server: Server): void {
  const handlers = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  const ahead = new WeakMap<Socket, number>();
  let isFirst = true;
  server.on('request', (request, response) => {
    const { socket } = request;
    const waiting = ahead.get(socket) ?? 0;
    // More than may be begun: see `untilOver`.
    if (waiting > answerLimits.pipelined) socket.resetAndDestroy();
    if (socket.destroyed) return;
    if (!isFirst) {
      ahead.set(socket, waiting + 1);
      beginInTime(() => {
        ahead.set(socket, (ahead.get(socket) ?? 1) - 1);
        // Who is gone by now does not say so again.
        if (!socket.destroyed) for (const handler of handlers) handler(request, response);
      });
      return;
    }
    // The first one that a look at the connections finds has all the time that there is.
    isFirst = false;
    setImmediate(() => (isFirst = true));
    for (const handler of handlers) handler(request, response);
  });
}

/** Ends connections whose client does not take what was written for it. */
export function giveUpUnread(server: Server, limits: AnswerLimits): void {
  const windows = new Map<Socket, Window>();
  server.on('connection', (socket: Socket) => {
    windows.set(socket, { began: performance.now(), taken: 0 });
    socket.once('close', () => windows.delete(socket));
  });
  const timer = setInterval(() => {
    for (const [socket, window] of windows) {
      const seen = { waiting: socket.writableLength, taken: bytesTaken(socket), now: performance.now() };
      if (moveWindow(window, seen, limits)) continue;
      givenUp.inc();
      // Not `destroy`: the kernel would go on offering to the client what it holds already.
      socket.resetAndDestroy();
    }
  }, limits.windowMs / 4).unref();
  server.once('close', () => {
    clearInterval(timer);
  });
}

interface Window {
  /** Milliseconds, by the process's clock. */
  began: number;
  /** How many bytes the client had taken then. */
  taken: number;
}

/** @returns false when the window is over and the client took too little in it */
export function moveWindow(
  window: Window,
  { waiting, taken, now }: { readonly waiting: number; readonly taken: number; readonly now: number },
  { windowMs, windowBytes }: Pick<AnswerLimits, 'windowMs' | 'windowBytes'>,
): boolean {
  if (waiting > 0 && taken - window.taken < windowBytes) return now - window.began < windowMs;
  window.began = now;
  window.taken = taken;
  return true;
}

/** Node hides that a part of a large write was taken; its own timeouts look at the same two numbers. */
function bytesTaken(socket: Socket): number {
  const { _bytesDispatched: given = 0, _handle: handle } = socket as unknown as {
    readonly _bytesDispatched?: number;
    readonly _handle?: { readonly writeQueueSize?: number } | null;
  };
  return given - (handle?.writeQueueSize ?? 0);
}

const OPEN = Symbol('open');
type Connection = Socket & { [OPEN]?: Set<() => void> };

/**
 * Calls `over` when the answer has been taken, or the connection is gone. Node says the latter only to the answer whose turn it is, not
 * to those that wait behind it.
 * @returns false for one request too many on its connection, which is ended: `over` is not called
 */
export function untilOver(connection: Connection, answer: ServerResponse, most: number, over: () => void): boolean {
  const open = connection[OPEN] ?? openOf(connection);
  connection[OPEN] = open;
  if (open.size >= most) {
    connection.resetAndDestroy();
    return false;
  }
  open.add(over);
  answer.on('close', () => {
    if (open.delete(over)) over();
  });
  return true;
}

function openOf(connection: Connection): Set<() => void> {
  const open = new Set<() => void>();
  connection.once('close', () => {
    for (const over of open) over();
    open.clear();
  });
  return open;
}
