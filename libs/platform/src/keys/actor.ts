import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** What a key may be used for. They are exact: none includes another, so a key can do no more than it says. */
export const roles = ['shipments:write', 'reallocations:write', 'swaps:write', 'read', 'audit', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who is asking: what the key that came with the request may do. */
export interface Actor {
  /** Recorded with everything it submits. */
  readonly name: string;
  readonly roles: readonly Role[];
  readonly ledgers: readonly string[] | 'all';
  /** The CloudEvents sources that it may submit as. */
  readonly sources: readonly string[] | 'all';
  /** The party that it speaks for; undefined: it may speak for any. */
  readonly party: string | undefined;
}

// Under a symbol, which nothing that a client sends can be mistaken for.
// (A WeakMap would do as well, and cost 5 µs a request: each of its keys is work for the garbage collector.)
const ACTOR = Symbol('actor');
export const actorOf = (request: object): Actor | undefined => (request as { [ACTOR]?: Actor })[ACTOR];
export const setActor = (request: object, actor: Actor): void => {
  (request as { [ACTOR]?: Actor })[ACTOR] = actor;
};

/** `@Actor() actor: Actor`: who is asking, in a handler that `@Requires` a role. */
export const Actor = createParamDecorator((_data: unknown, context: ExecutionContext): Actor => {
  const actor = actorOf(context.switchToHttp().getRequest<object>());
  if (actor === undefined) throw new Error('@Actor() on a route that is @Public()');
  return actor;
});

/** The source of what a key submits over the plain routes. */
export const ownSource = (actor: Pick<Actor, 'name'>): string => `${KEY_SOURCE}${actor.name}`;
const KEY_SOURCE = 'urn:lading:key:';

/** A key's own source is its own, and nobody else's: in it, the ids are the key's idempotency keys. */
export function maySubmitAs(actor: Actor, source: string): boolean {
  if (source.startsWith(KEY_SOURCE)) return source === ownSource(actor);
  return actor.sources === 'all' || actor.sources.includes(source);
}

export function maySpeakFor(actor: Actor, party: string): boolean {
  return actor.party === undefined || actor.party === party;
}

export function mayTouch(actor: Actor, ledger: string): boolean {
  return actor.ledgers === 'all' || actor.ledgers.includes(ledger);
}
