import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { type EventFilter, readEvent, readHead } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { Ledgers } from '../asking/ledgers.ts';
import { Visibility } from '../asking/visibility.ts';
import { EventPages } from './eventPages.ts';

interface FoundEvent {
  readonly sequence: number;
  /** Exactly what the ledger keeps. */
  readonly bytes: Buffer;
}

interface FoundEvents {
  readonly events: readonly FoundEvent[];
  /** The ledger's last sequence: every event up to it was looked at. */
  readonly head: number;
  readonly more: boolean;
}

/** A ledger's events after a sequence, in order. */
export class FindEvents extends Query<FoundEvents> {
  declare readonly found: FoundEvents;

  constructor(
    readonly ledger: string,
    readonly minSequence: number | undefined,
    readonly after: number,
    readonly limit: number,
    readonly filter: EventFilter,
  ) {
    super();
  }
}

/** One event's bytes; undefined when the ledger does not go that far. */
export class FindEvent extends Query<{ readonly bytes: Buffer | undefined; readonly head: number }> {
  constructor(
    readonly ledger: string,
    readonly minSequence: number | undefined,
    readonly sequence: number,
  ) {
    super();
  }
}

@QueryHandler(FindEvents)
export class FindEventsHandler implements IQueryHandler<FindEvents> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
    private readonly visibility: Visibility,
    private readonly pages: EventPages,
  ) {}

  async execute({ ledger, minSequence, after, limit, filter }: FindEvents): Promise<FoundEvents> {
    await this.ledgers.check(ledger);
    if (minSequence !== undefined) await this.visibility.recorded(ledger, minSequence);
    const head = (await readHead(this.pool, ledger)) ?? 0;
    return { ...(await this.pages.answered(ledger, after, head, limit, filter)), head };
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
    return { bytes: found?.bytes, head: (await readHead(this.pool, ledger)) ?? 0 };
  }
}
