import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { withReadModels } from '#projections/reading/withReadModels';
import { POOL } from '#platform/service/tokens';
import { Ask, type Standing } from './ask.query.ts';
import { Ledgers } from './ledgers.ts';
import { noReadModels } from './noReadModels.ts';
import { Visibility } from './visibility.ts';

/** Reads when what was asked for is visible; a ledger that nobody opened is not there to be read. */
@QueryHandler(Ask)
export class AskHandler implements IQueryHandler<Ask<unknown>, Standing<unknown>> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly visibility: Visibility,
    private readonly ledgers: Ledgers,
  ) {}

  async execute({ ledger, minSequence, read }: Ask<unknown>): Promise<Standing<unknown>> {
    await this.ledgers.check(ledger);
    if (minSequence !== undefined) await this.visibility.applied(ledger, minSequence);
    try {
      return await withReadModels(this.pool, ledger, async (model) => ({
        sequence: model.sequence,
        result: await read(model),
      }));
    } catch (error) {
      throw noReadModels(error) ?? error;
    }
  }
}
