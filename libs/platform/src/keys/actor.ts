import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isReserved } from '#contracts/scalars';

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

// The actor is stored in the request under a symbol, which no data of a client can collide with. A WeakMap would work as well, but
// costs 5 µs a request, because each of its keys is work for the garbage collector.
const ACTOR = Symbol('actor');
export const actorOf = (request: object): Actor | undefined => (request as { [ACTOR]?: Actor })[ACTOR];
export const setActor = (request: object, actor: Actor): void => {
  (request as { [ACTOR]?: Actor })[ACTOR] = actor;
};

/** `@Actor() actor: Actor`: who sends the request, in a handler that `@Requires` a role. */
export const Actor = createParamDecorator((_data: unknown, context: ExecutionContext): Actor => {
  const actor = actorOf(context.switchToHttp().getRequest<object>());
  if (actor === undefined) throw new Error('@Actor() on a route that is @Public()');
  return actor;
});

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

export function maySpeakFor(actor: Actor, party: string): boolean {
  return actor.party === undefined || actor.party === party;
}

export function mayTouch(actor: Actor, ledger: string): boolean {
  return actor.ledgers === 'all' || actor.ledgers.includes(ledger);
}
