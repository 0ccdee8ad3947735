import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import type { StatusRow } from '#contracts/rows';
import { relayStatus } from '#feed/status';
import { POOL } from '#platform/service/tokens';
import { projectionStatus } from '#projections/versions/status';

/** How far every consumer of every ledger is. */
export class FindStatus extends Query<readonly StatusRow[]> {}

@QueryHandler(FindStatus)
export class FindStatusHandler implements IQueryHandler<FindStatus> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute(): Promise<readonly StatusRow[]> {
    return [...(await relayStatus(this.pool)), ...(await projectionStatus(this.pool))];
  }
}
