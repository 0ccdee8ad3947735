import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type pg from 'pg';
import { z } from 'zod';
import { checkpointsPage, latestCheckpoint } from '#checkpoints/checkpoints';
import { Requires } from '#platform/keys/requires';
import { POOL } from '#platform/service/tokens';
import { Answer } from '../asking/asking.interceptor.ts';
import { Ledgers } from '../asking/ledgers.ts';
import { onlyNow, paging } from '../asking/parameters.ts';
import { malformed, notFound } from '../asking/problems.ts';
import { Asks, ledgerParameter } from '../docs/asks.ts';

const TEXT = 'text/plain; charset=utf-8';
const All = z.strictObject({
  ...paging,
  ...onlyNow('every checkpoint that was ever published is listed, with the time at which it was signed'),
});
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

  @Get('checkpoints')
  @Asks({
    summary: 'Every checkpoint that was published, the smallest first',
    description:
      'For who comes late, and for who kept one and looks for those after it. What counts is the `note`: its signatures are checked with a ' +
      'verifier key that you have from the ledger’s keeper. None is ever taken back or changed; a cosignature may still join one.',
    path: { ledger: ledgerParameter },
    parameters: All,
    listOf: 'Checkpoint',
  })
  async list(@Param('ledger') ledger: string, @Query() { limit = 100, cursor }: z.infer<typeof All>): Promise<Answer> {
    await this.ledgers.check(ledger);
    const newest = await latestCheckpoint(this.pool, ledger);
    const found = await checkpointsPage(this.pool, ledger, after(cursor), limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const body = {
      ...{ ledger, sequence: newest?.size ?? 0 },
      data: page.map(({ size, root, origin, signed, note }) => ({
        ...{ size, root: root.toString('base64'), origin, signed: signed.toISOString(), note: note.toString('utf8') },
      })),
      next: last !== undefined && found.length > limit ? cursorOf(last.size, last.origin) : null,
    };
    return new Answer(body, { sequence: body.sequence });
  }
}

const cursorOf = (size: number, origin: string): string =>
  Buffer.from(JSON.stringify([size, origin])).toString('base64url');

/** The checkpoint that a page begins after. @throws the 400 of a cursor that is none */
function after(cursor: string | undefined): readonly [number, string] {
  if (cursor === undefined) return [-1, ''];
  try {
    const [size, origin] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [unknown, unknown];
    if (
      Number.isSafeInteger(size) &&
      typeof origin === 'string' &&
      cursor === cursorOf(size as number, origin) &&
      !origin.includes('\0')
    )
      return [size as number, origin];
  } catch {
    // Said below.
  }
  throw malformed([{ pointer: '/cursor', detail: 'not a cursor of this list' }]);
}
