import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isReserved } from '#contracts/scalars';
import { troubleOf } from '../database/trouble.ts';
import { ProblemError, unavailable } from '../http/problemError.ts';

/** What a key may be used for. No role includes another, so a key can do no more than its roles say. */
export const roles = ['shipments:write', 'reallocations:write', 'swaps:write', 'read', 'audit', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who sends a request: the name of the key that came with it, and what that key may do. */
export interface Actor {
  /** Recorded with every event that the key submits. */
  readonly name: string;
  readonly roles: readonly Role[];
  readonly ledgers: readonly string[] | 'all';
  /** The CloudEvents sources that the key may submit as. */
  readonly sources: readonly string[] | 'all';
  /** The party that the key speaks for; undefined: any party. */
  readonly party: string | undefined;
}

/** The columns of a key that say what its holder may do. */
export interface ActorRow {
  name: string;
  roles: Role[];
  ledgers: string[] | null;
  sources: string[] | null;
  party: string | null;
}

export function toActor({ name, roles, ledgers, sources, party }: ActorRow): Actor {
  return { name, roles, ledgers: ledgers ?? 'all', sources: sources ?? 'all', party: party ?? undefined };
}

/** What a look-up found, and how long it counts. */
export interface Known {
  readonly actor: Actor;
  /** When the secret ends by itself; undefined: it does not. */
  readonly ends: Date | undefined;
  /** By the clock of `performance.now()`. */
  readonly until: number;
  /** How many changes were known when the look-up began: after another one it no longer counts. */
  readonly changes: number;
}

/**
 * An API key as one request holds it. What its holder may do can change while the request lasts: whoever acts for it later than at
 * once calls `check` before, or reads `refusal` where `isSure`; whoever waits listens to `ended`.
 */
export class HeldKey {
  /** Made for whoever listens: most requests are over before anything changes. */
  #ended: AbortController | undefined = undefined;
  #whyNot: (actor: Actor) => ProblemError | undefined = () => undefined;
  #refusal: ProblemError | undefined;

  constructor(
    private readonly id: string,
    private known: Known,
    private readonly keyring: LooksUp,
    /** Ends what the keyring tells this key. */
    readonly release: () => void,
  ) {}

  /** Who holds it, as was found last. */
  get actor(): Actor {
    return this.known.actor;
  }

  /** When the secret ends by itself, as was found last. */
  get ends(): Date | undefined {
    return this.known.ends;
  }

  /** Why it may not do any more what it was let in for: 401 or 403. Once there, it stays. */
  get refusal(): ProblemError | undefined {
    return this.#refusal;
  }

  /** Aborted when there is a refusal. */
  get ended(): AbortSignal {
    this.#ended ??= new AbortController();
    if (this.#refusal !== undefined) this.#ended.abort(this.#refusal);
    return this.#ended.signal;
  }

  /** Whether `actor` and `refusal` count without another look. */
  get isSure(): boolean {
    return this.#refusal !== undefined || this.keyring.counts(this.known);
  }

  /** Says what the request asks of the holder, now and for as long as it lasts. @throws ProblemError 403 */
  require(whyNot: (actor: Actor) => ProblemError | undefined): void {
    this.#whyNot = whyNot;
    this.learn(this.known);
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** Looks again, unless it is sure. @throws ProblemError 401, 403; 503 when the key cannot be looked up */
  async check(): Promise<void> {
    if (!this.isSure) await lookedUp(this.keyring.lookUp(this.id));
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** For the keyring: what it found about this key; undefined: it is no longer in force. */
  learn(known: Known | undefined): void {
    if (this.#refusal !== undefined) return;
    if (known !== undefined) this.known = known;
    this.#refusal = known === undefined ? notInForce() : this.#whyNot(known.actor);
    if (this.#refusal !== undefined) this.#ended?.abort(this.#refusal);
  }
}

/** Of the keyring: whether what was found still counts, and another look; it tells all keys with this hash what it finds. */
interface LooksUp {
  counts(known: Known): boolean;
  lookUp(id: string): Promise<unknown>;
}

/** The same for a wrong, a revoked, an expired and a rotated key. */
export const notInForce = (): ProblemError =>
  new ProblemError(401, 'unauthenticated', 'this is not a key that is in force', {
    headers: { 'www-authenticate': 'Bearer realm="lading", error="invalid_token"' },
  });

/** @throws ProblemError 503 when the database does not answer */
export async function lookedUp<T>(found: Promise<T>): Promise<T> {
  return found.catch((cause: unknown) => {
    const trouble = troubleOf(cause);
    if (trouble !== undefined)
      throw unavailable(`the keys cannot be looked up: ${trouble.detail}; try again`, { cause });
    throw cause;
  });
}

// The key is stored in the request under a symbol, which no data of a client can collide with. A WeakMap would work as well, but
// costs 5 µs a request, because each of its keys is work for the garbage collector.
const KEY = Symbol('key');
/** The key that came with a request; undefined for a request without one. */
export const keyOf = (request: object): HeldKey | undefined => (request as { [KEY]?: HeldKey })[KEY];
export const setKey = (request: object, key: HeldKey): void => {
  (request as { [KEY]?: HeldKey })[KEY] = key;
};
/** The key of a request to a route that is not public. */
export function heldKeyOf(request: object): HeldKey {
  const key = keyOf(request);
  if (key === undefined) throw new Error('a route that is @Public() asks for the key of its request');
  return key;
}
export const actorOf = (request: object): Actor | undefined => keyOf(request)?.actor;

/** `@Actor() actor: Actor`: who sends the request, in a handler that `@Requires` a role. */
export const Actor = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Actor => heldKeyOf(context.switchToHttp().getRequest<object>()).actor,
);

/** The CloudEvents source of events that a key submits over the plain routes. */
export const ownSource = (actor: Pick<Actor, 'name'>): string => `${KEY_SOURCE}${actor.name}`;
const KEY_SOURCE = 'urn:lading:key:';

/**
 * A key's own source belongs to that key alone, because the ids in it are the key's idempotency keys. Every other name of the
 * ledger's own, in whatever spelling, is nobody's.
 */
export function maySubmitAs(actor: Actor, source: string): boolean {
  if (isReserved(source)) return source === ownSource(actor);
  return actor.sources === 'all' || actor.sources.includes(source);
}

/** The party to which a key is confined, in what it says; undefined: it acts for all, as an `admin` and a key without a party do. */
export function partyOf(actor: Actor): string | undefined {
  return actor.roles.includes('admin') ? undefined : actor.party;
}

/** The party to which a key is confined in what it reads: an auditor sees everything, too. */
export function readsFor(actor: Actor): string | undefined {
  return actor.roles.includes('audit') ? undefined : partyOf(actor);
}

export function mayTouch(actor: Actor, ledger: string): boolean {
  return actor.ledgers === 'all' || actor.ledgers.includes(ledger);
}
