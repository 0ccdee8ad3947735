import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type pg from 'pg';
import { z } from 'zod';
import { latestCheckpoint } from '#checkpoints/checkpoints';
import { Requires } from '#platform/keys/requires';
import { POOL } from '#platform/service/tokens';
import { Answer } from '../asking/asking.interceptor.ts';
import { Ledgers } from '../asking/ledgers.ts';
import { onlyNow } from '../asking/parameters.ts';
import { notFound } from '../asking/problems.ts';
import { Asks, ledgerParameter } from '../docs/asks.ts';

const TEXT = 'text/plain; charset=utf-8';
const Newest = z.strictObject(onlyNow('it is about the ledger as it was signed'));

/**
 * The checkpoints of a ledger: what the log signed. They tell nothing about events but how many there are, so every key that may ask at
 * all may have them.
 */
@Controller('v1/ledgers/:ledger')
@Requires('read', 'audit')
@ApiTags('proofs')
export class CheckpointsController {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
  ) {}

  @Get('checkpoint')
  @Asks({
    summary: 'The newest checkpoint: the signed root of the tree of all events',
    description:
      'A C2SP tlog-checkpoint: a signed note with the origin, the size and the root, signed by the log and cosigned by its witnesses. A second after a commit there is a new one. 404 while none was signed yet.',
    path: { ledger: ledgerParameter },
    parameters: Newest,
    type: TEXT,
  })
  async newest(@Param('ledger') ledger: string, @Query() _: object): Promise<Answer> {
    await this.ledgers.check(ledger);
    const found = await latestCheckpoint(this.pool, ledger);
    if (found === undefined)
      throw notFound(`the ledger ${ledger} has no checkpoint yet: the signer makes one a second after an event`, {
        ledger,
      });
    const etag = `"${createHash('sha256').update(found.note).digest('base64url')}"`;
    return new Answer(found.note, { sequence: found.size, type: TEXT, etag, cache: 'private, max-age=1' });
  }
}
