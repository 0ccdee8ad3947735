import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Requires } from '#platform/keys/requires';
import { PLAIN } from './formats/plain.ts';
import { AcceptsEvent } from './http/requestHeaders.ts';
import { SubmitsPlainly } from './openapi/submitsPlainly.ts';
import { PlainRoutes } from './plainRoutes.ts';

const MADE = 'lading.reallocation.made.v1';

/** The allocation desk's plain route. */
@Controller('v1/ledgers/:ledger/reallocations')
export class ReallocationsController {
  constructor(private readonly routes: PlainRoutes) {}

  @Post()
  @Requires('reallocations:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly(MADE, 'Reallocate units: reassigned, reconsigned or transferred, one way')
  make(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Param('ledger') ledger: string): Promise<void> {
    return this.routes.take({ request, reply, ledger }, MADE);
  }
}
