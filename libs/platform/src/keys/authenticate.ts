import type { FastifyRequest } from 'fastify';
import { type Actor, actorOf, setActor } from './actor.ts';
import { isDatabaseUnavailable } from '../database/isDatabaseUnavailable.ts';
import type { Keyring } from './keyring.ts';
import { ProblemError, unavailable } from '../http/problemError.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i;

/**
 * Who sends this request. Asked once a request, whoever asks first.
 * @throws ProblemError 401, the same for a wrong, a revoked and a rotated key; 503 when the keys cannot be looked up
 */
export async function authenticate(keyring: Keyring, request: FastifyRequest): Promise<Actor> {
  const known = actorOf(request);
  if (known !== undefined) return known;

  const { authorization } = request.headers;
  if (authorization === undefined) {
    throw unauthenticated('this needs an API key: send it as Authorization: Bearer <key>', 'Bearer realm="lading"');
  }
  const secret = BEARER.exec(authorization)?.[1];
  const actor = secret === undefined ? undefined : await holderOf(keyring, secret);
  if (actor === undefined) {
    throw unauthenticated('this is not a key that is in force', 'Bearer realm="lading", error="invalid_token"');
  }
  setActor(request, actor);
  return actor;
}

async function holderOf(keyring: Keyring, secret: string): Promise<Actor | undefined> {
  try {
    return await keyring.holderOf(secret);
  } catch (cause) {
    if (isDatabaseUnavailable(cause))
      throw unavailable('the keys cannot be looked up at the moment; try again', { cause });
    throw cause;
  }
}

function unauthenticated(detail: string, challenge: string): ProblemError {
  return new ProblemError(401, 'unauthenticated', detail, { headers: { 'www-authenticate': challenge } });
}
