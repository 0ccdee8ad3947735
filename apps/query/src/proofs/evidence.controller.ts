import { counted } from '#proofs/text';
import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import type { z } from 'zod';
import { demandCheckpoint } from '#checkpoints/checkpoints';
import { DamagedLedger } from '#journal/damagedLedger';
import { evidencePage } from '#evidence/evidenceFile';
import { evidenceOf } from '#evidence/evidenceOf';
import { mediaTypeOf } from '#platform/http/createAdapter';
import { unavailable } from '#platform/http/problemError';
import { Actor, readsFor } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { POOL } from '#platform/service/tokens';
import { Answer } from '../asking/asking.interceptor.ts';
import { parameters, sequenceNumber } from '../asking/parameters.ts';
import { damagedLedger, malformed } from '../asking/problems.ts';
import { Asks, ledgerParameter } from '../docs/asks.ts';
import { FindEvent } from '../events/findEvents.handler.ts';

const TEXT = 'text/plain; charset=utf-8';
const PAGE = 'text/html; charset=utf-8';

const Asked = parameters({
  size: sequenceNumber
    .optional()
    .describe('Prove it in a checkpoint of at least so many events; left out, in the first one that covers the event.'),
});

/** A signer makes a checkpoint when it is asked for one. */
const PATIENCE_MS = 3_000;

/** One event with all that proves it, for somebody who has nothing but the file. */
@Controller('v1/ledgers/:ledger/events/:sequence/evidence')
@Requires('read', 'audit')
@ApiTags('proofs')
export class EvidenceController {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Asks({
    summary: 'An event with its proof, as one file for anybody',
    description:
      'As `text/plain` a C2SP tlog-proof, with the event as its extra data. As `text/html` one page that has the same and the verifier keys in it, ' +
      'opens without a network, checks itself, and says in words what it proves and what it does not. Waits until a checkpoint covers the event, ' +
      'then 503. 500 with the code `ledger-damaged` where the event, the tree or the checkpoint is not what was signed. A key with a party gets evidence of the events that concern it; the hashes in it tell nothing of others.',
    path: { ledger: ledgerParameter, sequence: ['Its place in the ledger', '17'] },
    parameters: Asked,
    type: TEXT,
    alsoType: PAGE,
  })
  async one(
    @Param('ledger') ledger: string,
    @Param('sequence') asked: string,
    @Query() { size, 'min-sequence': least }: z.infer<typeof Asked>,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer> {
    const event = await this.queries.execute(new FindEvent(ledger, least, asked, readsFor(actor)));
    const { sequence } = event;
    const checkpoint = await this.#checkpoint(ledger, sequence, size, event.head);
    const file = await evidenceOf(this.pool, ledger, event, checkpoint).catch((error: unknown) => {
      throw error instanceof DamagedLedger ? damagedLedger(error) : error;
    });
    const isPage = mediaTypeOf(request) === PAGE;
    const body = Buffer.from(isPage ? evidencePage(`Evidence: event ${sequence} of ${ledger}`, file) : file.proof);
    const name = `${ledger}-${sequence}.${isPage ? 'html' : 'tlog-proof'}`;
    // Saved and opened as a file: what this service shows in a browser may run no program of its own (its Content-Security-Policy).
    void reply.header('vary', 'accept, authorization').header('content-disposition', `attachment; filename="${name}"`);
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    // A witness may still cosign the checkpoint: the same evidence then has a signature more.
    return new Answer(body, { sequence: event.head, type: isPage ? PAGE : TEXT, etag, cache: 'private, no-cache' });
  }

  async #checkpoint(ledger: string, sequence: number, asked = sequence, head: number) {
    if (asked > head)
      throw malformed([{ pointer: '/size', detail: `the ledger ${ledger} has only ${counted(head, 'event')}` }]);
    const least = Math.max(asked, sequence);
    const found = await demandCheckpoint(this.pool, ledger, least, PATIENCE_MS);
    if (found !== undefined) return found;
    throw unavailable(
      `no checkpoint of ${ledger} with ${counted(least, 'event')} was signed yet: ask again. GET /v1/status says what the signer does`,
    );
  }
}
