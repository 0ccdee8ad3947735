import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { readEvent, readHead } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { appliedSequence } from '#projections/reading/readModel';
import { Ledgers } from '../asking/ledgers.ts';
import { type AskedMoment, type Bounds, cursorOf, Moments } from '../asking/moments.ts';
import { sequenceNumber } from '../asking/parameters.ts';
import { malformed, noReadModels } from '../asking/problems.ts';
import { Visibility } from '../asking/visibility.ts';
import { type Asked, EventPages } from './eventPages.ts';

interface FoundEvent {
  readonly sequence: number;
  /** Exactly what the ledger keeps. */
  readonly bytes: Buffer;
}

interface FoundEvents {
  readonly events: readonly FoundEvent[];
  /** The ledger's last sequence, or the last that was asked for: every event up to it was looked at. */
  readonly head: number;
  readonly bounds: Bounds;
  /** The cursor of the next page. */
  readonly next: string | null;
}

/** A ledger's events after a sequence, in order. */
export class FindEvents extends Query<FoundEvents> {
  declare readonly found: FoundEvents;

  constructor(
    readonly ledger: string,
    readonly moment: AskedMoment,
    readonly after: number,
    readonly limit: number,
    readonly filter: Asked,
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
    readonly party: string | undefined,
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
    private readonly moments: Moments,
  ) {}

  async execute({ ledger, moment: asked, after, limit, filter }: FindEvents): Promise<FoundEvents> {
    await this.ledgers.check(ledger);
    const { moment, bounds, cursor } = await this.moments.of(ledger, asked);
    const { at, occurred = new Date() } = moment;
    const least = Math.max(asked['min-sequence'] ?? 0, moment.known ?? 0) || undefined;
    const now = await standing(this.pool, this.visibility, ledger, least, filter.party);
    const head = moment.known ?? now;
    const from = Math.max(after, sequenceOf(cursor));
    const { events, more } = await this.pages.answered(ledger, from, head, limit, { ...filter, at });
    const last = String(events.at(-1)?.sequence ?? 0);
    return { events, head, bounds, next: more ? cursorOf({ occurred, at, known: head }, bounds, last) : null };
  }
}

function sequenceOf(cursor: string | undefined): number {
  const parsed = sequenceNumber.safeParse(cursor ?? '0');
  if (parsed.success) return parsed.data;
  throw malformed([{ pointer: '/cursor', detail: 'not a cursor of this list' }]);
}

@QueryHandler(FindEvent)
export class FindEventHandler implements IQueryHandler<FindEvent> {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
    private readonly visibility: Visibility,
    private readonly pages: EventPages,
  ) {}

  async execute({
    ledger,
    minSequence,
    sequence,
    party,
  }: FindEvent): Promise<{ bytes: Buffer | undefined; head: number }> {
    await this.ledgers.check(ledger);
    const head = await standing(this.pool, this.visibility, ledger, minSequence, party);
    if (party !== undefined) {
      const { events } = await this.pages.answered(ledger, sequence - 1, sequence, 1, { party });
      return { bytes: events[0]?.bytes, head };
    }
    const found = await readEvent(this.pool, ledger, sequence);
    return { bytes: found?.bytes, head: (await readHead(this.pool, ledger)) ?? 0 };
  }
}

/** Where an answer stands: what the ledger has, or, of what concerns a party, what the read models have applied. */
export async function standing(
  pool: pg.Pool,
  visibility: Visibility,
  ledger: string,
  minSequence: number | undefined,
  party: string | undefined,
): Promise<number> {
  if (party === undefined) {
    if (minSequence !== undefined) await visibility.recorded(ledger, minSequence);
    return (await readHead(pool, ledger)) ?? 0;
  }
  if (minSequence !== undefined) await visibility.applied(ledger, minSequence);
  return appliedSequence(pool, ledger).catch((error: unknown) => {
    throw noReadModels(error) ?? error;
  });
}
