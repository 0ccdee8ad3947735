import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { heldKeyOf } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { PLAIN } from './formats/plain.ts';
import { AcceptsEvent } from './http/requestHeaders.ts';
import type { IntakeRequest } from './intake.ts';
import { SubmitsPlainly } from './openapi/submitsPlainly.ts';
import { PlainRoutes } from './plainRoutes.ts';

type Step = 'accepted' | 'rejected' | 'withdrawn' | 'executed';

/** The swap parties' plain routes. `by` is the key's party unless the body says it. */
@Controller('v1/ledgers/:ledger/swaps')
export class SwapsController {
  constructor(private readonly routes: PlainRoutes) {}

  @Post()
  @Requires('swaps:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly('lading.swap.proposed.v1', 'Propose a swap: who proposes has accepted')
  propose(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Param('ledger') ledger: string): Promise<void> {
    const defaults = { by: heldKeyOf(request).actor.party };
    return this.routes.take({ request, reply, ledger }, 'lading.swap.proposed.v1', { defaults });
  }

  @Post(':swap/acceptance')
  @Requires('swaps:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly('lading.swap.accepted.v1', 'Accept a swap')
  accept(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('swap') swap: string,
  ): Promise<void> {
    return this.#step('accepted', { request, reply, ledger }, swap);
  }

  @Post(':swap/rejection')
  @Requires('swaps:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly('lading.swap.rejected.v1', 'Reject a swap, as one of its parties')
  reject(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('swap') swap: string,
  ): Promise<void> {
    return this.#step('rejected', { request, reply, ledger }, swap);
  }

  @Post(':swap/withdrawal')
  @Requires('swaps:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly('lading.swap.withdrawn.v1', 'Withdraw a swap, as its proposer')
  withdraw(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('swap') swap: string,
  ): Promise<void> {
    return this.#step('withdrawn', { request, reply, ledger }, swap);
  }

  @Post(':swap/execution')
  @Requires('swaps:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly('lading.swap.executed.v1', 'Execute a swap: every leg at once, or none')
  execute(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('swap') swap: string,
  ): Promise<void> {
    return this.#step('executed', { request, reply, ledger }, swap);
  }

  #step(step: Step, sent: Omit<IntakeRequest, 'served' | 'key'>, swap: string): Promise<void> {
    return this.routes.take(sent, `lading.swap.${step}.v1`, {
      named: { swap },
      defaults: { by: heldKeyOf(sent.request).actor.party },
    });
  }
}
