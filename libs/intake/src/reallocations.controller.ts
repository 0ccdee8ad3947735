import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { heldKeyOf } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { PLAIN } from './formats/plain.ts';
import { AcceptsEvent } from './http/requestHeaders.ts';
import { SubmitsPlainly } from './openapi/submitsPlainly.ts';
import { PlainRoutes } from './plainRoutes.ts';

const MADE = 'lading.reallocation.made.v1';
const HELD = 'lading.units.held.v1';
const RELEASED = 'lading.units.released.v1';

/** The allocation desk's plain routes. Whose units are held is the key's party unless the body says it. */
@Controller('v1/ledgers/:ledger')
export class ReallocationsController {
  constructor(private readonly routes: PlainRoutes) {}

  @Post('reallocations')
  @Requires('reallocations:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly(MADE, 'Reallocate units: reassigned, reconsigned or transferred, one way')
  make(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Param('ledger') ledger: string): Promise<void> {
    return this.routes.take({ request, reply, ledger }, MADE);
  }

  @Post('holds')
  @Requires('reallocations:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly(HELD, 'Hold units of one owner for a purpose, until a moment')
  hold(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Param('ledger') ledger: string): Promise<void> {
    const defaults = { owner: heldKeyOf(request).actor.party };
    return this.routes.take({ request, reply, ledger }, HELD, { defaults });
  }

  @Post('holds/:hold/release')
  @Requires('reallocations:write')
  @AcceptsEvent(PLAIN)
  @SubmitsPlainly(RELEASED, 'Release a hold before its time, all of it')
  release(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('ledger') ledger: string,
    @Param('hold') hold: string,
  ): Promise<void> {
    return this.routes.take({ request, reply, ledger }, RELEASED, { named: { hold } });
  }
}
