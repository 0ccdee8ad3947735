import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { readEvent, readEvents } from '#journal/reader';
import { POOL } from '#platform/tokens';
import { headOf } from '../asking/headOf.ts';
import { Ledgers } from '../asking/ledgers.ts';
import { Visibility } from '../asking/visibility.ts';
import { FindEvent, FindEvents, type FoundEvents } from './findEvents.query.ts';

@QueryHandler(FindEvents)
export class FindEventsHandler implements IQueryHandler<FindEvents> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
    private readonly visibility: Visibility,
  ) {}

  async execute({ ledger, minSequence, after, limit, filter }: FindEvents): Promise<FoundEvents> {
    await this.ledgers.check(ledger);
    if (minSequence !== undefined) await this.visibility.recorded(ledger, minSequence);
    const head = await headOf(this.pool, ledger);
    const found = await readEvents(this.pool, ledger, after, limit + 1, filter);
    // What came after the head was read is left for the next page: the answer says that it stands at the head.
    const known = found.filter(({ sequence }) => sequence <= head);
    return { events: known.slice(0, limit), head, more: known.length > limit };
  }
}

@QueryHandler(FindEvent)
export class FindEventHandler implements IQueryHandler<FindEvent> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
    private readonly visibility: Visibility,
  ) {}

  async execute({ ledger, minSequence, sequence }: FindEvent): Promise<{ bytes: Buffer | undefined; head: number }> {
    await this.ledgers.check(ledger);
    if (minSequence !== undefined) await this.visibility.recorded(ledger, minSequence);
    const found = await readEvent(this.pool, ledger, sequence);
    return { bytes: found?.bytes, head: await headOf(this.pool, ledger) };
  }
}
