import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import { actorOf, keyOf } from '../keys/actor.ts';
import { authorize, authorizeAtOnce, sentKey } from '../keys/apiKey.guard.ts';
import type { Keyring } from '../keys/keyring.ts';
import { ACCESS, type Access } from '../keys/requires.ts';
import { counter, gauge } from '../watching/metrics.ts';
import { MAX_NAMES, networkOf, PerMinute } from './perMinute.ts';
import { ProblemError } from './problemError.ts';

/** Whose share is used up: that of one key, or what there is for all of them. */
export type Full = 'key' | 'all';

/** How much there is of something that requests take from each other: bytes of memory, places. */
export interface BudgetSize {
  /** What one key may hold, so that it leaves something for the others. */
  readonly ofKey: number;
  readonly all: number;
}

/** Keys whose sums are remembered although they hold nothing. */
const REMEMBERED = 1_000;

/** What requests hold at this moment of something that is bounded for the process, and for each key. */
export class Budget {
  #held = 0;
  readonly #ofKey = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  constructor(readonly size: BudgetSize) {}

  get held(): number {
    return this.#held;
  }

  /** Who leaves no room for `more`. */
  full(key: string, more: number): Full | undefined {
    if ((this.#ofKey.get(key) ?? 0) + more > this.size.ofKey) return 'key';
    return this.#held + more > this.size.all ? 'all' : undefined;
  }

  /** Takes `amount`, whether there is room or not: ask `full` first. A negative one gives back. */
  take(key: string, amount: number): void {
    this.#held += amount;
    const ofKey = (this.#ofKey.get(key) ?? 0) + amount;
    // A key that holds nothing now comes again soon: it is forgotten only among many.
    if (ofKey === 0 && this.#ofKey.size > REMEMBERED) this.#ofKey.delete(key);
    else this.#ofKey.set(key, ofKey);
    if (amount >= 0) return;
    if (this.#waiting.size === 0) return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Resolves when there is room for `more`, or when `stop` is aborted. */
  async room(key: string, more: number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted && this.full(key, more) !== undefined) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          stop.removeEventListener('abort', wake);
          this.#waiting.delete(wake);
          resolve();
        };
        stop.addEventListener('abort', wake);
        this.#waiting.add(wake);
      });
    }
  }
}

/** Requests that were refused before they were looked at, each by what there was too much of, or too little. */
export const refused = counter('lading_http_refused_total', 'Requests that were refused before their body was read', [
  'reason',
]);

/** 429 when a key has used its share up, 503 when all of them together have used up what there is. */
export function tooMuch(full: Full, what: string, request: FastifyRequest): ProblemError {
  refused.inc({ reason: `${what}, ${full === 'key' ? 'of one key' : 'in all'}` });
  const later = after(1, request);
  return full === 'key'
    ? new ProblemError(429, 'too-many-requests', `too many ${what} for this key: wait for answers`, later)
    : new ProblemError(503, 'unavailable', `too many ${what} here: nothing was done; try again`, later);
}

/** What is said beside a refusal that nothing was done before: the same facts as in the journal's own. */
const after = (seconds: number, request: FastifyRequest) => ({
  headers: { 'retry-after': String(seconds) },
  facts: { retryAfter: seconds, ...(mayHaveBody(request) && { recorded: 'no' }) },
});

/** What a request holds of the process until its answer is taken and its work is done: a client that hangs up does not end the work. */
class Hold {
  #users = 1;
  #giveBack: (() => void)[] | undefined = undefined;
  #places: Budget | undefined = undefined;
  #name = '';
  /** The answer to the request, where there is a connection to write it to. */
  response: ServerResponse | undefined = undefined;

  constructor(private readonly request: FastifyRequest) {}

  /** Takes a place among the requests that are worked on. */
  takePlace(places: Budget, name: string): void {
    if (this.#users === 0) return;
    places.take(name, 1);
    this.#places = places;
    this.#name = name;
  }

  /** Gives the place back: for a request that only listens from now on. */
  leavePlace(): void {
    this.#places?.take(this.#name, -1);
    this.#places = undefined;
  }

  add(giveBack: () => void): void {
    if (this.#users > 0) (this.#giveBack ??= []).push(giveBack);
    else giveBack();
  }

  /** Nothing is given back before the work is done. */
  until(work: Promise<unknown>): void {
    this.#users++;
    const done = (): void => {
      this.done();
    };
    work.then(done, done);
  }

  done(): void {
    if (--this.#users > 0) return;
    this.leavePlace();
    keyOf(this.request)?.release();
    for (const giveBack of this.#giveBack ?? []) giveBack();
    this.#giveBack = undefined;
  }
}

const HOLD = Symbol('hold');
export function holdOf(request: FastifyRequest): Hold {
  const holding = request as { [HOLD]?: Hold };
  const hold = holding[HOLD] ?? new Hold(request);
  holding[HOLD] = hold;
  return hold;
}

export interface AdmissionLimits {
  /** Requests that are worked on at once. */
  readonly requests: BudgetSize;
  /** Requests of each key in a minute; undefined: any number. */
  readonly ofKeyPerMinute: number | undefined;
  /** Requests in a minute from one address with keys that are not in force. */
  readonly failedPerMinute: number;
}

export const admissionLimits: AdmissionLimits = {
  requests: { ofKey: 256, all: 512 },
  ofKeyPerMinute: undefined,
  failedPerMinute: 300,
};

const all = new Set<Admission>();
gauge('lading_http_requests_in_progress', 'Requests with a key that are worked on', [], function () {
  this.set([...all].reduce((sum, { requests }) => sum + requests.held, 0));
});

/**
 * Decides whether a request is let in before a byte of its body is read: who sends it, whether that key may use the route, how many
 * requests it has made, and whether there is room. More work than can be done is refused at once, instead of making everybody wait.
 */
export class Admission {
  readonly requests: Budget;
  readonly #ofKeys: PerMinute | undefined;
  /** Made by the first key that is not in force. */
  #failed: PerMinute | undefined = undefined;
  /** The names of keys that were used here, by the hashes of their secrets. */
  readonly #used = new LRUCache<string, string>({ max: MAX_NAMES });

  constructor(
    private readonly keyring: Keyring,
    private readonly limits: AdmissionLimits,
  ) {
    const { requests, ofKeyPerMinute } = limits;
    this.requests = new Budget(requests);
    this.#ofKeys = ofKeyPerMinute === undefined ? undefined : new PerMinute(ofKeyPerMinute);
    all.add(this);
  }

  /** Counts a request of a known key to a route that there is not. @throws ProblemError 429 */
  countUnrouted(request: FastifyRequest, reply: FastifyReply): void {
    if (!request.is404 || this.#ofKeys === undefined) return;
    const sent = sentKey(request);
    if (sent !== undefined) this.#count(this.#used.get(sent.id), request, reply);
  }

  /**
   * Nearly every key is remembered: then nothing is waited for, and nothing returned.
   * @throws ProblemError 401, 403, 429, 503
   */
  admit(request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined {
    const access = (request.routeOptions.config as { [ACCESS]?: Access })[ACCESS];
    if (request.is404 || access === 'public' || (access === undefined && !mayHaveBody(request))) return undefined;
    this.#refuseGuesses(request);
    try {
      if (!authorizeAtOnce(this.keyring, request, access)) return this.#lookUp(request, reply, access);
    } catch (error) {
      this.#refuse(error, request, reply);
    }
    this.#letIn(request, reply);
    return undefined;
  }

  async #lookUp(request: FastifyRequest, reply: FastifyReply, access: Exclude<Access, 'public'> | undefined) {
    try {
      await authorize(this.keyring, request, reply, access);
    } catch (error) {
      this.#refuse(error, request, reply);
    }
    this.#letIn(request, reply);
  }

  #letIn(request: FastifyRequest, reply: FastifyReply): void {
    const name = this.#use(request);
    this.#count(name, request, reply);
    if (name !== undefined) this.#takePlace(name, request);
  }

  #refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): never {
    this.#count(this.#use(request), request, reply);
    if (error instanceof ProblemError && error.status === 401 && request.headers.authorization !== undefined)
      this.#countGuess(request);
    throw error;
  }

  /** The name of the key that came with a request, if it is in force. */
  #use(request: FastifyRequest): string | undefined {
    const name = actorOf(request)?.name;
    const sent = sentKey(request);
    if (sent === undefined) return name;
    if (name === undefined) this.#used.delete(sent.id);
    else if (this.#used.get(sent.id) !== name) this.#used.set(sent.id, name);
    return name;
  }

  /** Counts every request of a key, also one that is refused for what it asks. @throws ProblemError 429 */
  #count(name: string | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (name === undefined || this.#ofKeys === undefined) return;
    const { limit } = this.#ofKeys;
    const { count, seconds } = this.#ofKeys.count(name);
    void reply.headers({
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(Math.max(0, limit - count)),
      'x-ratelimit-reset': String(seconds),
    });
    if (count <= limit) return;
    throw tooOften('rate limit', `the key "${name}" has made its ${limit} requests of this minute`, seconds, request);
  }

  #takePlace(name: string, request: FastifyRequest): void {
    const full = this.requests.full(name, 1);
    if (full !== undefined) throw tooMuch(full, 'requests are being worked on', request);
    holdOf(request).takePlace(this.requests, name);
  }

  /** @throws ProblemError 429 instead of the 401, when too many of them came from this address */
  #countGuess(request: FastifyRequest): void {
    const failed = (this.#failed ??= new PerMinute(this.limits.failedPerMinute));
    const { count, seconds } = failed.count(addressOf(request));
    if (count > failed.limit) throw tooOften('failed keys', GUESSES, seconds, request);
  }

  /**
   * Keys from an address with very many guesses are not looked up any more, unless they were used here just now. Before that they are:
   * a good key may share its address with a program whose key has ended.
   */
  #refuseGuesses(request: FastifyRequest): void {
    if (this.#failed === undefined) return;
    const sent = sentKey(request);
    if (sent === undefined) return;
    const { count, seconds } = this.#failed.look(addressOf(request));
    if (count < LOOKED_UP * this.#failed.limit || this.#used.has(sent.id) || this.keyring.isAdmin(sent.id)) return;
    throw tooOften('failed keys', GUESSES, seconds, request);
  }
}

/** So many times the limit of failed keys are looked up. */
const LOOKED_UP = 10;

const GUESSES = 'too many requests with keys that are not in force came from this address';

function tooOften(reason: string, detail: string, seconds: number, request: FastifyRequest): ProblemError {
  refused.inc({ reason });
  return new ProblemError(429, 'too-many-requests', `${detail}: wait ${seconds} s`, after(seconds, request));
}

const addressOf = ({ ip }: FastifyRequest): string => networkOf(ip);

const mayHaveBody = ({ method }: FastifyRequest): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method);
