import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { type EventFilter, readEvent, readEvents, readHead } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { Ledgers } from '../asking/ledgers.ts';
import { Visibility } from '../asking/visibility.ts';

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

/** Events may be 64 KB each: a page of large ones ends before its limit, and is put together in small steps. */
const PAGE_BYTES = 4_194_304;
const CHUNK = 100;

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
    const head = (await readHead(this.pool, ledger)) ?? 0;
    const events: FoundEvent[] = [];
    let bytes = 0;
    for (let last = after; ; ) {
      const chunk = await readEvents(this.pool, ledger, last, Math.min(CHUNK, limit + 1 - events.length), filter);
      for (const event of chunk) {
        // What came after the head was read is left for the next page: the answer says that it stands at the head.
        if (event.sequence > head) return { events, head, more: false };
        if (events.length === limit || bytes > PAGE_BYTES) return { events, head, more: true };
        events.push(event);
        bytes += event.bytes.length;
        last = event.sequence;
      }
      if (chunk.length < CHUNK) return { events, head, more: false };
    }
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
