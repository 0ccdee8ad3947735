import type { FastifyRequest } from 'fastify';
import { IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { actorOf } from '../keys/actor.ts';
import { gauge } from '../watching/metrics.ts';
import { refuseCrumbs } from './badHttp.ts';
import { Budget, type BudgetSize, holdOf, refused, tooMuch } from './admission.ts';
import { Turns } from '../service/turns.ts';
import { ProblemError } from './problemError.ts';

export interface BodyLimits {
  /** Bytes of bodies that are in memory, from their first byte until the request is answered. */
  readonly bytes: BudgetSize;
  /** A body comes at this pace at least, once `graceMs` are over: so a large one has more time, and none has for ever. */
  readonly bytesPerSecond: number;
  readonly graceMs: number;
  /** How often the pace is looked at. */
  readonly lookMs: number;
}

export const bodyLimits: BodyLimits = {
  bytes: { ofKey: 33_554_432, all: 67_108_864 },
  bytesPerSecond: 65_536,
  graceMs: 15_000,
  lookMs: 1_000,
};

const open = new Set<Bodies>();
gauge('lading_http_body_bytes', 'Bytes of request bodies in memory', [], function () {
  this.set([...open].reduce((sum, { bytes }) => sum + bytes.held, 0));
});

/** Reads the bodies of requests into memory: as many bytes of them as there is room for, and none for ever. */
export class Bodies {
  readonly bytes: Budget;
  /** What comes on each connection that ever brought a body. */
  readonly #coming = new Set<Coming>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly limits: BodyLimits) {
    this.bytes = new Budget(limits.bytes);
    open.add(this);
  }

  /** Watches the pace of a request's body from now on: one that is not read, because it was refused, ends with its connection. */
  watch(request: IncomingMessage, answer: ServerResponse): void {
    if (!isComing(request)) return;
    refuseCrumbs(request, answer);
    const coming = comingOn(request.socket) ?? this.#watchConnection(request.socket);
    coming.request = request;
    coming.answer = answer;
    coming.onSlow = undefined;
    coming.looks = 0;
    coming.from = request.socket.bytesRead;
  }

  /**
   * Bodies come one after the other on a connection, so that one entry serves them all. An entry for each would be held until the
   * next look, thousands of finished requests with it, and the garbage collector would copy them.
   */
  #watchConnection(socket: Connection): Coming {
    const coming: Coming = { request: undefined, answer: undefined, looks: 0, from: 0, onSlow: undefined };
    socket[COMING] = coming;
    this.#coming.add(coming);
    socket.once('close', () => {
      this.#coming.delete(coming);
    });
    this.#timer ??= setInterval(() => {
      this.#look();
    }, this.limits.lookMs).unref();
    return coming;
  }

  /** Nobody watches a stream of lines here: it may be as slow as its events happen. */
  unwatch(request: IncomingMessage): void {
    const coming = comingOn(request.socket);
    if (coming?.request === request) coming.request = undefined;
  }

  /**
   * A whole body. Its bytes count until `holdOf(request)` is given back.
   * @throws ProblemError 413 for more than `limit` bytes; 429 and 503 when there is no room for it; 408 when it comes too slowly
   */
  async read(request: FastifyRequest, payload: Readable, limit: number): Promise<Buffer> {
    const announced = Number(request.headers['content-length'] ?? Number.NaN);
    if (announced > limit) throw tooLarge(limit);
    const take = this.#taker(request);
    if (announced > 0) take(announced);
    letCome(request);
    const gathered = new Gathered(announced);
    await new Promise<void>((resolve, reject) => {
      const coming = comingOn(request.raw.socket);
      let settled = false;
      const settle = (error?: Error): void => {
        if (settled) return;
        settled = true;
        if (coming !== undefined) coming.onSlow = undefined;
        if (error === undefined) {
          // Nothing more comes of a body that has ended.
          resolve();
          return;
        }
        payload.off('data', onData).off('end', onEnd).off('error', settle).off('close', onClose);
        reject(error);
      };
      const onEnd = (): void => {
        settle();
      };
      const onClose = (): void => {
        if (settled) return;
        settle(new ProblemError(400, 'malformed', 'the connection ended before the whole body had come'));
      };
      const onData = (chunk: Buffer): void => {
        try {
          if (gathered.length + chunk.length > limit) throw tooLarge(limit);
          if (Number.isNaN(announced)) take(chunk.length);
          gathered.add(chunk);
        } catch (error) {
          settle(error as ProblemError);
        }
      };
      payload.on('data', onData).on('end', onEnd).on('error', settle).on('close', onClose);
      const onSlow = (): void => {
        refused.inc({ reason: 'slow body' });
        settle(this.#tooSlow());
      };
      if (coming?.request === request.raw) coming.onSlow = onSlow;
    });
    // The last pieces of many bodies may have come at once, and whoever asked for this one works on it now.
    const turns = new Turns();
    if (turns.over) await turns.next();
    return gathered.take();
  }

  /** Takes bytes for a request, and gives all of them back together. */
  #taker(request: FastifyRequest): (bytes: number) => void {
    const key = actorOf(request)?.name ?? '';
    let taken = 0;
    holdOf(request).add(() => {
      this.bytes.take(key, -taken);
    });
    return (bytes) => {
      const full = this.bytes.full(key, bytes);
      if (full !== undefined) throw tooMuch(full, BYTES, request);
      this.bytes.take(key, bytes);
      taken += bytes;
    };
  }

  #tooSlow(): ProblemError {
    const detail = `the body came too slowly: send ${this.limits.bytesPerSecond} bytes a second at least, in smaller requests if need be`;
    return new ProblemError(408, 'request-timeout', detail, { headers: { connection: 'close' } });
  }

  /** Time is counted in looks: while this process itself stood still, nobody could send. */
  #look(): void {
    const { graceMs, lookMs, bytesPerSecond } = this.limits;
    for (const coming of this.#coming) {
      const { request, answer, onSlow } = coming;
      if (request === undefined) continue;
      const seconds = (++coming.looks * lookMs - graceMs) / 1_000;
      if (!isComing(request)) Object.assign(coming, { request: undefined, answer: undefined });
      else if (request.socket.bytesRead - coming.from < seconds * bytesPerSecond) {
        if (onSlow !== undefined) onSlow();
        else if (answer?.writableFinished === true) request.socket.destroy();
      }
    }
    if (this.#coming.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The body that comes on a connection. */
interface Coming {
  request: IncomingMessage | undefined;
  answer: ServerResponse | undefined;
  looks: number;
  /** Bytes that the connection had brought when the body was watched first. */
  from: number;
  /** Of whoever reads it. */
  onSlow: (() => void) | undefined;
}

const COMING = Symbol('coming');
type Connection = Socket & { [COMING]?: Coming };
/** Undefined without a connection, too: a test's request has none. */
const comingOn = (connection: Connection | undefined): Coming | undefined => connection?.[COMING];

const BYTES = 'bytes of bodies are being worked on';

const tooLarge = (limit: number): ProblemError =>
  new ProblemError(413, 'too-large', `the body is larger than this route takes: send at most ${limit} bytes`, {
    facts: { limit },
  });

/** Whether a part of the body is still to come. */
export const isComing = (request: IncomingMessage): boolean =>
  request instanceof IncomingMessage &&
  !request.complete &&
  !request.destroyed &&
  (request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0);

/** Tells a client that asked first (`Expect: 100-continue`) that its body may come. */
export function letCome(request: FastifyRequest): void {
  if (request.headers.expect !== undefined) holdOf(request).response?.writeContinue();
}

/**
 * Puts the pieces of a body together. Small ones are copied: a piece of one byte takes a hundred times as much. All of a body whose
 * length is known are copied, each to its place when it comes: 16 MB took 12 ms to put together at once, and twice their bytes.
 */
export class Gathered {
  #pieces: Buffer[] = [];
  #block: Buffer;
  #used = 0;
  #length = 0;

  constructor(announced = 0) {
    this.#block = announced > BLOCK ? Buffer.allocUnsafe(announced) : NOTHING;
  }

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    this.#length += piece.length;
    const isPlaced = this.#used + piece.length <= this.#block.length && this.#block.length > BLOCK;
    // Most bodies are one piece.
    if (!isPlaced && (piece.length > BLOCK / 4 || this.#length === piece.length)) {
      this.#close();
      this.#pieces.push(piece);
      return;
    }
    if (this.#used + piece.length > this.#block.length) {
      this.#close();
      this.#block = Buffer.allocUnsafe(BLOCK);
    }
    this.#used += piece.copy(this.#block, this.#used);
  }

  /** All that was added, and begins anew. */
  take(): Buffer {
    this.#close();
    const [only] = this.#pieces;
    const whole = only !== undefined && this.#pieces.length === 1 ? only : Buffer.concat(this.#pieces, this.#length);
    this.#pieces = [];
    this.#length = 0;
    return whole;
  }

  #close(): void {
    if (this.#used > 0) this.#pieces.push(this.#block.subarray(0, this.#used));
    else return;
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}

const BLOCK = 65_536;
const NOTHING = Buffer.alloc(0);

const BODIES = Symbol('bodies');
type Serving = { [BODIES]?: Bodies };
export const setBodies = (server: object, bodies: Bodies): void => {
  (server as Serving)[BODIES] = bodies;
};
/** What reads the bodies of this server. */
export const bodiesOf = (server: object): Bodies => {
  const bodies = (server as Serving)[BODIES];
  if (bodies === undefined) throw new Error('this server was not made by createAdapter');
  return bodies;
};

/** How long the rest of a body that was refused may still come, so that its sender gets to read why. Milliseconds. */
const LINGER_MS = 10_000;

/**
 * Reads the rest of a request for a while and throws it away. A connection that is closed while its client still sends is
 * reset, and the client loses the answer that says why. A request that goes on for longer is cut.
 * @param ended is called when nothing more comes
 */
export function lingerOver(request: IncomingMessage, ended: () => void = () => undefined): void {
  if (request.complete || request.destroyed) {
    ended();
    return;
  }
  request.on('error', () => undefined);
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  timer.unref();
  request.once('end', ended);
  request.once('close', () => {
    clearTimeout(timer);
    ended();
  });
}
