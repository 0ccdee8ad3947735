import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type pg from 'pg';
import { DamagedLedger } from '#journal/damagedLedger';
import { readEvent, readHead } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { appliedSequence } from '#projections/reading/readModel';
import { Ledgers } from '../asking/ledgers.ts';
import { type AskedMoment, type Bounds, cursorOf, Moments } from '../asking/moments.ts';
import { sequenceNumber } from '../asking/parameters.ts';
import { damagedLedger, malformed, noReadModels, notFound } from '../asking/problems.ts';
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

/** One event's bytes, and where the ledger ends. */
export class FindEvent extends Query<FoundEvent & { readonly head: number }> {
  constructor(
    readonly ledger: string,
    readonly minSequence: number | undefined,
    /** As the path has it. */
    readonly sequence: string,
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
    const { party: _, ...rows } = filter;
    const of = await this.moments.of(ledger, asked, { ...rows, ledger });
    const { moment, bounds, cursor } = of;
    const { at, occurred = new Date() } = moment;
    const least = Math.max(asked['min-sequence'] ?? 0, moment.known ?? 0) || undefined;
    const now = await standing(this.pool, this.visibility, ledger, least, filter.party);
    const head = moment.known ?? now;
    const from = Math.max(after, sequenceOf(cursor));
    const { events, more } = await this.pages.answered(ledger, from, head, limit, { ...filter, at });
    const last = String(events.at(-1)?.sequence ?? 0);
    return { events, head, bounds, next: more ? cursorOf({ occurred, at, known: head }, of, last) : null };
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

  /** @throws the 404 of an event that is not there, or does not concern the party */
  async execute({ ledger, minSequence, sequence: text, party }: FindEvent): Promise<FoundEvent & { head: number }> {
    const sequence = /^0{0,15}[1-9]\d{0,15}$/.test(text) && text.length <= 16 ? Number(text) : undefined;
    if (sequence === undefined) throw notFound(`${text} is not the sequence of an event: 1, 2, 3 …`, { ledger });
    await this.ledgers.check(ledger);
    const head = await standing(this.pool, this.visibility, ledger, minSequence, party);
    if (party !== undefined) {
      const { events } = await this.pages.answered(ledger, sequence - 1, sequence, 1, { party });
      if (events[0] !== undefined) return { sequence, bytes: events[0].bytes, head };
      throw notFound(`the ledger ${ledger} has no event ${sequence} that concerns ${party}`, { ledger });
    }
    const found = await readEvent(this.pool, ledger, sequence);
    const end = (await readHead(this.pool, ledger)) ?? 0;
    if (found !== undefined) return { sequence, bytes: found.bytes, head: end };
    if (sequence > end) throw notFound(`the ledger ${ledger} ends at ${end}`, { ledger, sequence: end });
    throw damagedLedger(new DamagedLedger(`event ${sequence} of ${ledger} is missing, and the ledger ends at ${end}`));
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
