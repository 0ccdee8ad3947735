import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { signerStatus, witnessStatus } from '#checkpoints/status';
import type { LedgerRow, StatusRow } from '#contracts/statusRows';
import { relayStatus } from '#feed/status';
import { readLedgers } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { groupBy } from '#projections/reading/groupBy';
import { projectionStatus } from '#projections/versions/status';

/** How far every consumer of every ledger is. */
export class FindStatus extends Query<readonly StatusRow[]> {}

@QueryHandler(FindStatus)
export class FindStatusHandler implements IQueryHandler<FindStatus> {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  async execute(): Promise<readonly StatusRow[]> {
    return [
      ...(await relayStatus(this.pool)),
      ...(await projectionStatus(this.pool)),
      ...(await signerStatus(this.pool)),
      ...(await witnessStatus(this.pool)),
    ];
  }
}

/** Every ledger, where it stands, and how far its consumers are. */
export class FindLedgers extends Query<readonly LedgerRow[]> {}

@QueryHandler(FindLedgers)
export class FindLedgersHandler implements IQueryHandler<FindLedgers> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly queries: QueryBus,
  ) {}

  async execute(): Promise<readonly LedgerRow[]> {
    const statuses = groupBy(await this.queries.execute(new FindStatus()), ({ ledger }) => ledger);
    const ledgers = await readLedgers(this.pool);
    return ledgers.map((one) => ({
      ...one,
      positions: (statuses.get(one.ledger) ?? []).map(({ consumer, version, sequence, state }) => ({
        consumer,
        version,
        sequence,
        state,
      })),
    }));
  }
}
