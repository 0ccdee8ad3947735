import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { mayTouch } from './actor.ts';
import { authenticate } from './authenticate.ts';
import { Keyring } from './keyring.ts';
import { ProblemError } from '../http/problemError.ts';
import { ACCESS, type Access } from './requires.ts';

/** Lets a request pass that its route is public for, or whose key has a role that the route requires, on a ledger of the key's. */
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
      throw new ProblemError(403, 'forbidden', 'nobody may do this: the route does not say who may');
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
