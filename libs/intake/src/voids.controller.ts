import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Requires } from '#platform/keys/requires';
import { PLAIN } from './formats/plain.ts';
import { AcceptsEvent } from './http/requestHeaders.ts';
import { SubmitsPlainly } from './openapi/submitsPlainly.ts';
import { PlainRoutes } from './plainRoutes.ts';

const VOIDED = 'lading.event.voided.v1';

/** The plain route that takes an event back, in every writing service: which role it needs, the event says. */
@Controller('v1/ledgers/:ledger/voids')
export class VoidsController {
  constructor(private readonly routes: PlainRoutes) {}

  @Post()
  @Requires('shipments:write', 'reallocations:write', 'swaps:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly(VOIDED, 'Take an event back')
  take(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Param('ledger') ledger: string): Promise<void> {
    return this.routes.take({ request, reply, ledger }, VOIDED);
  }
}
