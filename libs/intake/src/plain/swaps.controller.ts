import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Actor } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { Accepts } from '../http/accepts.ts';
import { SubmitsPlainly } from '../openapi/submitsPlainly.ts';
import { PlainIntake } from './plainIntake.ts';

type Step = 'accepted' | 'rejected' | 'withdrawn' | 'executed';

/** The swap parties' plain routes. `by` is the key's party unless the body says it. */
@Controller('v1/ledgers/:ledger/swaps')
export class SwapsController {
  constructor(private readonly intake: PlainIntake) {}

  @Post()
  @Requires('swaps:write')
  @Accepts('application/json')
  @SubmitsPlainly('lading.swap.proposed.v1', 'Propose a swap: who proposes has accepted')
  propose(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    const defaults = { by: actor.party };
    return this.intake.take({ request, reply, ledger, actor, type: 'lading.swap.proposed.v1', defaults });
  }

  @Post(':swap/acceptance')
  @Requires('swaps:write')
  @Accepts('application/json')
  @SubmitsPlainly('lading.swap.accepted.v1', 'Accept a swap')
  accept(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('swap') swap: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    return this.step('accepted', { request, reply, ledger, actor }, swap);
  }

  @Post(':swap/rejection')
  @Requires('swaps:write')
  @Accepts('application/json')
  @SubmitsPlainly('lading.swap.rejected.v1', 'Reject a swap, as one of its parties')
  reject(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('swap') swap: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    return this.step('rejected', { request, reply, ledger, actor }, swap);
  }

  @Post(':swap/withdrawal')
  @Requires('swaps:write')
  @Accepts('application/json')
  @SubmitsPlainly('lading.swap.withdrawn.v1', 'Withdraw a swap, as its proposer')
  withdraw(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('swap') swap: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    return this.step('withdrawn', { request, reply, ledger, actor }, swap);
  }

  @Post(':swap/execution')
  @Requires('swaps:write')
  @Accepts('application/json')
  @SubmitsPlainly('lading.swap.executed.v1', 'Execute a swap: every leg at once, or none')
  execute(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('swap') swap: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    return this.step('executed', { request, reply, ledger, actor }, swap);
  }

  private step(
    step: Step,
    asked: { request: FastifyRequest; reply: FastifyReply; ledger: string; actor: Actor },
    swap: string,
  ): Promise<void> {
    const defaults = { by: asked.actor.party };
    return this.intake.take({ ...asked, type: `lading.swap.${step}.v1`, named: { swap }, defaults });
  }
}
