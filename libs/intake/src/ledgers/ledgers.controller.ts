import { Controller, Param, Put, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { LedgerId, Id } from '#contracts/scalars';
import { Actor } from '#platform/keys/actor';
import { ProblemError } from '#platform/http/problemError';
import { Requires } from '#platform/keys/requires';
import { checked } from '#platform/http/checked';
import { errorOfFailure } from '../answers/errorOf.ts';
import { OpenLedger } from '../commands/openLedger.ts';
import { Accepts } from '../http/accepts.ts';
import { contentType } from '../http/contentType.ts';
import { sendJson } from '../http/sendJson.ts';
import { OpensLedger } from '../openapi/opensLedger.ts';

/** What a ledger is opened with. */
export const Opening = z.strictObject({
  name: z.string().min(1).max(200).describe('For people').meta({ example: 'Nvidia allocations' }),
  keeper: Id.describe('The party that keeps the book').meta({ example: 'nvidia' }),
});

@Controller('v1/ledgers')
export class LedgersController {
  constructor(private readonly commands: CommandBus) {}

  /** Opens a ledger; the same again changes nothing. */
  @Put(':ledger')
  @Requires('admin')
  @Accepts('application/json')
  @OpensLedger(Opening)
  async open(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') name: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    contentType(request, ['application/json']);
    const ledger = ledgerNamed(name);
    const opening = checked(Opening, request.body);
    const outcome = await this.commands.execute(new OpenLedger(ledger, opening, actor.name)).catch((error: unknown) => {
      throw errorOfFailure(error);
    });
    if (outcome === 'different') {
      throw new ProblemError(
        409,
        'ledger-exists',
        `the ledger ${ledger} is there, with another name or another keeper`,
        { facts: { ledger } },
      );
    }
    sendJson(reply, outcome === 'opened' ? 201 : 200, JSON.stringify({ ledger, ...opening }));
  }
}

function ledgerNamed(name: string): string {
  const { success, error } = LedgerId.safeParse(name);
  if (!success)
    throw new ProblemError(
      400,
      'malformed',
      `${JSON.stringify(name)} is no name for a ledger: ${error.issues[0]?.message ?? ''}`,
    );
  return name;
}
