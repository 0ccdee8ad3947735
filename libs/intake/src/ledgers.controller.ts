import { Controller, Param, Put, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { LedgerId, Name, PartyId } from '#contracts/scalars';
import { errorOf, ProblemError } from '#platform/http/problemError';
import { checked } from '#platform/http/fieldErrors';
import { heldKeyOf } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { refusalOfError, sendJson } from './answers.ts';
import { Accepts, readContentType, refuseUnkept } from './http/requestHeaders.ts';
import { OpenLedger } from './openLedger.handler.ts';
import { OpensLedger } from './openapi/opensLedger.ts';

/** What a ledger is opened with. */
const OpenLedgerBody = z.strictObject({
  name: Name.describe('For people').meta({ example: 'Nvidia allocations' }),
  keeper: PartyId.describe('The party that keeps the book').meta({ example: 'nvidia' }),
});

@Controller('v1/ledgers')
export class LedgersController {
  constructor(private readonly commands: CommandBus) {}

  /** Opens a ledger; the same again changes nothing. */
  @Put(':ledger')
  @Requires('admin')
  @Accepts('application/json')
  @OpensLedger(OpenLedgerBody)
  async open(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Param('ledger') name: string): Promise<void> {
    readContentType(request, ['application/json']);
    refuseUnkept(request, { 'if-match': 'a ledger is opened once and has no versions: leave it out' });
    const ledger = readLedgerId(name);
    const terms = checked(OpenLedgerBody, request.body);
    const key = heldKeyOf(request);
    await key.check();
    const opened = await this.commands.execute(new OpenLedger(ledger, terms, key.actor.name)).catch(refusalOfError);
    if (typeof opened === 'object') throw errorOf(opened);
    if (opened === 'different') {
      const detail = `the ledger ${ledger} is there, with another name or another keeper`;
      throw new ProblemError(409, 'ledger-exists', detail, { facts: { ledger } });
    }
    sendJson(reply, opened === 'opened' ? 201 : 200, JSON.stringify({ ledger, ...terms }));
  }
}

/** @throws ProblemError 400 */
function readLedgerId(name: string): string {
  const { success, error } = LedgerId.safeParse(name);
  if (success) return name;
  const detail = `${JSON.stringify(name)} is no name for a ledger: ${error.issues[0]?.message ?? ''}`;
  throw new ProblemError(400, 'malformed', detail);
}
