import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Actor } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { Accepts } from '../http/accepts.ts';
import { SubmitsPlainly } from '../openapi/submitsPlainly.ts';
import { PlainIntake } from './plainIntake.ts';

const MADE = 'lading.reallocation.made.v1';

/** The allocation desk's plain route. */
@Controller('v1/ledgers/:ledger/reallocations')
export class ReallocationsController {
  constructor(private readonly intake: PlainIntake) {}

  @Post()
  @Requires('reallocations:write')
  @Accepts('application/json')
  @SubmitsPlainly(MADE, 'Reallocate units: reassigned, reconsigned or transferred, one way')
  make(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    return this.intake.take({ request, reply, ledger, actor, type: MADE });
  }
}
