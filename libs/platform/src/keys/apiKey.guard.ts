import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Actor, type HeldKey, keyOf, lookedUp, mayTouch, notInForce, setKey } from './actor.ts';
import { idOf, Keyring } from './keyring.ts';
import { ProblemError } from '../http/problemError.ts';
import { ACCESS, type Access } from './requires.ts';

/** Lets a request pass when its route is public, or when its key has a role that the route requires and may touch the ledger. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keyring: Keyring,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;

    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (authorizeAtOnce(this.keyring, request, access)) return true;
    return authorize(this.keyring, request, http.getResponse<FastifyReply>(), access).then(() => true);
  }
}

/**
 * Finds out who sends a request, and whether its key may use a route with this access. It is asked before the body is read, and by
 * the guard again: nothing depends on the order of hooks.
 * @throws ProblemError 401, 403, 503
 */
export async function authorize(
  keyring: Keyring,
  request: FastifyRequest,
  reply: FastifyReply,
  access: Exclude<Access, 'public'> | undefined,
): Promise<void> {
  const key = await authenticate(keyring, request, reply);
  const { ledger } = request.params as { ledger?: string };
  key.require((actor) => whyForbidden(actor, access, ledger));
}

/**
 * The same for a key that is remembered, which nearly all are: no promise is made.
 * @returns false when the key has to be looked up, or is wrong
 * @throws ProblemError 401, 403
 */
export function authorizeAtOnce(
  keyring: Keyring,
  request: FastifyRequest,
  access: Exclude<Access, 'public'> | undefined,
): boolean {
  const held = keyOf(request);
  if (held !== undefined && !held.isSure) return false;
  const key = held ?? holdKnown(keyring, sentKey(request));
  if (key === undefined) return false;
  setKey(request, key);
  const { ledger } = request.params as { ledger?: string };
  key.require((actor) => whyForbidden(actor, access, ledger));
  return true;
}

const holdKnown = (keyring: Keyring, sent: SentKey | undefined): HeldKey | undefined =>
  sent?.secret === undefined ? undefined : keyring.holdKnown(sent.id);

/** Why the holder of a key may not use a route with this access, on this ledger; undefined when it may. */
function whyForbidden(
  actor: Actor,
  access: Exclude<Access, 'public'> | undefined,
  ledger: string | undefined,
): ProblemError | undefined {
  if (access === undefined)
    return new ProblemError(403, 'forbidden', 'nobody may do this: the route does not state a role');
  if (!access.some((role) => actor.roles.includes(role))) {
    const detail = `the key "${actor.name}" may not do this: it needs the role ${access.join(' or ')}`;
    return new ProblemError(403, 'forbidden', detail, { facts: { requires: access, roles: actor.roles } });
  }
  if (ledger !== undefined && !mayTouch(actor, ledger)) {
    const detail = `the key "${actor.name}" may not touch the ledger "${ledger}"`;
    return new ProblemError(403, 'forbidden', detail, { facts: { ledgers: actor.ledgers } });
  }
  return undefined;
}

/** What a request sends as its key. */
interface SentKey {
  readonly authorization: string;
  /** Undefined: this is no key. */
  readonly secret: string | undefined;
  /** The hash of the secret. */
  readonly id: string;
}

const SENT = Symbol('sent key');

/** The key that came with a request. A connection sends the same one again and again: it is read and hashed once. */
export function sentKey({ raw, headers: { authorization } }: FastifyRequest): SentKey | undefined {
  if (authorization === undefined) return undefined;
  const connection = raw.socket as { [SENT]?: SentKey };
  const before = connection[SENT];
  if (before?.authorization === authorization) return before;
  const secret = BEARER.exec(authorization)?.[1];
  const sent = { authorization, secret, id: secret === undefined ? '' : idOf(secret) };
  connection[SENT] = sent;
  return sent;
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i;

/**
 * Finds out who sends a request, and holds the key for the rest of the request. A key that was found before, as before a long
 * body, is looked at again.
 * @throws ProblemError 401, the same for a wrong, a revoked, an expired and a rotated key; 503 when the keys cannot be looked up
 */
export async function authenticate(keyring: Keyring, request: FastifyRequest, reply: FastifyReply): Promise<HeldKey> {
  const known = keyOf(request);
  if (known !== undefined) {
    await known.check();
    return known;
  }
  const sent = sentKey(request);
  if (sent === undefined) {
    throw unauthenticated('this needs an API key: send it as Authorization: Bearer <key>', 'Bearer realm="lading"');
  }
  if (sent.secret === undefined) throw notInForce();
  return hold(keyring, sent.secret, request, reply);
}

async function hold(
  keyring: Keyring,
  secret: string,
  request: FastifyRequest,
  { raw }: FastifyReply,
): Promise<HeldKey> {
  const found = lookedUp(keyring.hold(secret));
  // The client may hang up already during the look-up.
  raw.once('close', () => {
    found.then((held) => held?.release()).catch(() => undefined);
  });
  const key = await found;
  if (key === undefined) throw notInForce();
  setKey(request, key);
  return key;
}

function unauthenticated(detail: string, challenge: string): ProblemError {
  return new ProblemError(401, 'unauthenticated', detail, { headers: { 'www-authenticate': challenge } });
}
