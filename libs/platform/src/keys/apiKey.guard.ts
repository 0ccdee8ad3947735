import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type Actor, actorOf, mayTouch, setActor } from './actor.ts';
import { troubleOf } from '../database/trouble.ts';
import { Keyring } from './keyring.ts';
import { ProblemError, unavailable } from '../http/problemError.ts';
import { ACCESS, type Access } from './requires.ts';

/** Lets a request pass when its route is public, or when its key has a role that the route requires and may touch the ledger. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keyring: Keyring,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;

    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { ledger?: string } }>>();
    const actor = await authenticate(this.keyring, request);
    if (access === undefined) {
      throw new ProblemError(403, 'forbidden', 'nobody may do this: the route does not state a role');
    }
    if (!access.some((role) => actor.roles.includes(role))) {
      throw new ProblemError(
        403,
        'forbidden',
        `the key "${actor.name}" may not do this: it needs the role ${access.join(' or ')}`,
        {
          facts: { requires: access, roles: actor.roles },
        },
      );
    }
    const { ledger } = request.params;
    if (ledger !== undefined && !mayTouch(actor, ledger)) {
      throw new ProblemError(403, 'forbidden', `the key "${actor.name}" may not touch the ledger "${ledger}"`, {
        facts: { ledgers: actor.ledgers },
      });
    }
    return true;
  }
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i;

/**
 * Finds out who sends a request, and remembers it for the rest of the request.
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
    const trouble = troubleOf(cause);
    if (trouble !== undefined)
      throw unavailable(`the keys cannot be looked up: ${trouble.detail}; try again`, { cause });
    throw cause;
  }
}

function unauthenticated(detail: string, challenge: string): ProblemError {
  return new ProblemError(401, 'unauthenticated', detail, { headers: { 'www-authenticate': challenge } });
}
