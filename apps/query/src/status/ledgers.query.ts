import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import type { LedgerRow } from '#contracts/rows';
import { readLedgers } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { FindStatus } from './status.query.ts';

/** Every ledger, where it stands, and how far its consumers are. */
export class FindLedgers extends Query<readonly LedgerRow[]> {}

@QueryHandler(FindLedgers)
export class FindLedgersHandler implements IQueryHandler<FindLedgers> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly queries: QueryBus,
  ) {}

  async execute(): Promise<readonly LedgerRow[]> {
    const statuses = await this.queries.execute(new FindStatus());
    const heads = await readLedgers(this.pool);
    return heads.map((head) => ({
      ...head,
      positions: statuses
        .filter(({ ledger }) => ledger === head.ledger)
        .map(({ consumer, version, sequence, state }) => ({ consumer, version, sequence, state })),
    }));
  }
}
