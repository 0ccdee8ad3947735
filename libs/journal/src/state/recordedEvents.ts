import type pg from 'pg';
import { type LedgerEvent, movesOf, parseEvent } from '#contracts/cloudEvent';
import { rangesOf } from '#contracts/serials';
import type { EntityKey } from '#ledger/entity';
import { isFoldedAnew, touched } from '#ledger/evolve';
import type { UnitRange } from '#ledger/unitRanges';
import type { Recorded } from '#ledger/view';
import { Turns } from '#platform/service/turns';
import { eventsAt, wholeStreams } from '../sql/recorded.ts';
import { LaterNaming } from './laterNaming.ts';

/** What a decision to take an event back looks at, as far as it was loaded. */
export interface KnownEvents {
  /** null: there is no such event; undefined: it was not loaded. */
  recorded(sequence: number): Recorded | null | undefined;
  stream(key: EntityKey): readonly LedgerEvent[] | undefined;
}

/** Events of all streams together that are looked at to take one back: more is too many to hold a ledger for. */
const MOST_EVENTS = 10_000;

/** So many events that a batch takes back are read at a time, with their streams. */
const TOGETHER = 64;

/** A batch that is being decided. */
export interface InTheMaking {
  /** The events that are decided and not written yet, in order. */
  readonly drafted: () => Iterable<LedgerEvent>;
  /** The sequences of the events that it is to take back, in its order. */
  readonly voids: readonly number[];
}

/**
 * Events with their streams, as of the last event of the batch that is being decided. It is loaded for what takes events back. Streams grow
 * with the batch: loaded anew for each of 600 events that are taken back in one, they were read for longer than a ledger is held.
 */
export class RecordedEvents implements KnownEvents {
  readonly #recorded = new Map<number, Recorded | null>();
  readonly #streams = new Map<EntityKey, LedgerEvent[]>();
  /** Events that were read, by their sequences. */
  readonly #events = new Map<number, LedgerEvent>();
  /** What the batch takes back and was not loaded yet, and what was loaded of it since `takeUnits`. */
  readonly #toCome: Set<number>;
  #loaded: LedgerEvent[] = [];
  /** How many events are in the streams. */
  #kept = 0;
  readonly #naming: LaterNaming;

  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledger: string,
    private readonly head: number,
    private readonly batch: InTheMaking,
  ) {
    this.#toCome = new Set(batch.voids);
    this.#naming = new LaterNaming(client, ledger, head, batch.drafted);
  }

  recorded(sequence: number): Recorded | null | undefined {
    return this.#recorded.get(sequence);
  }

  stream(key: EntityKey): readonly LedgerEvent[] | undefined {
    return this.#streams.get(key);
  }

  forget(): void {
    this.#recorded.clear();
    this.#streams.clear();
    this.#events.clear();
    this.#naming.forget();
    this.#kept = 0;
  }

  /** After an event was added to the batch. */
  add(event: LedgerEvent): void {
    // What one void needs may be as many as are read for it: to forget already then was to read all of it again for each.
    if (this.#kept > 2 * MOST_EVENTS) this.forget();
    this.#recorded.clear();
    this.#naming.add(event);
    this.#events.set(event.sequence, event);
    for (const key of touched(event)) this.#keep(key, event);
  }

  /** What was drafted may be written already, and was read with the stream then. */
  #keep(key: EntityKey, event: LedgerEvent): void {
    const stream = this.#streams.get(key);
    if (stream === undefined || event.sequence <= (stream.at(-1)?.sequence ?? 0)) return;
    stream.push(event);
    this.#kept += 1;
  }

  async load(sequences: ReadonlySet<number>, streams: ReadonlySet<EntityKey>): Promise<void> {
    await this.#loadEvents(sequences);
    const events = [...sequences].flatMap((sequence) => this.#events.get(sequence) ?? []);
    for (const event of events) if (this.#toCome.delete(event.sequence)) this.#loaded.push(event);
    const tooMany = await this.#loadStreams(new Set([...streams, ...streamsOf(events)]), this.#next([...sequences]));
    for (const sequence of sequences) this.#recorded.set(sequence, null);
    // Otherwise streams that nothing is taken back of would be asked for again and again.
    if (tooMany !== undefined)
      for (const [sequence, known] of this.#recorded) if (known) this.#recorded.set(sequence, { ...known, tooMany });
    for (const event of events) {
      const whole = new Map(streamsOf([event]).map((key) => [key, this.#streams.get(key) ?? []]));
      const naming = tooMany === undefined ? await this.#naming.of(event) : [];
      const many = tooMany ?? (typeof naming === 'number' ? naming : undefined);
      this.#recorded.set(event.sequence, {
        event,
        streams: whole,
        naming: typeof naming === 'number' ? [] : naming,
        ...(many !== undefined && { tooMany: many }),
      });
    }
  }

  async #loadEvents(sequences: ReadonlySet<number>): Promise<void> {
    const unknown = [...sequences].filter((sequence) => !this.#events.has(sequence));
    if (unknown.length === 0) return;
    for (const event of this.batch.drafted())
      if (sequences.has(event.sequence)) this.#events.set(event.sequence, event);
    const asked = [...unknown, ...this.#next(unknown)].filter((sequence) => sequence <= this.head);
    if (asked.length === 0) return;
    for (const bytes of await eventsAt(this.client, this.ledger, asked)) {
      const event = parseEvent(bytes);
      this.#events.set(event.sequence, event);
    }
  }

  /** The units that events name which the batch takes back, of those that were loaded since it was asked last: they are about to be moved. */
  takeUnits(): UnitRange[] {
    const moves = this.#loaded.flatMap(movesOf);
    this.#loaded = [];
    return moves.flatMap(({ item, serials = [] }) => rangesOf(serials).map((range) => ({ item, ...range })));
  }

  /** What the batch takes back after these: it is read with them, since each round trip is one for which the ledger is held. */
  #next(sequences: readonly number[]): number[] {
    const after = this.batch.voids.indexOf(sequences.at(-1) ?? 0) + 1;
    return after === 0 ? [] : this.batch.voids.slice(after, after + TOGETHER);
  }

  async #loadStreams(needed: ReadonlySet<EntityKey>, next: readonly number[]): Promise<number | undefined> {
    const isUnknown = (key: EntityKey): boolean => !this.#streams.has(key);
    let unknown = [...needed].filter(isUnknown);
    if (unknown.length === 0) return undefined;
    const ahead = streamsOf(next.flatMap((sequence) => this.#events.get(sequence) ?? [])).filter(isUnknown);
    const more = [...new Set([...unknown, ...ahead])];
    let rows = await wholeStreams(this.client, this.ledger, more, MOST_EVENTS + 1);
    if (rows.length <= MOST_EVENTS) unknown = more;
    else if (more.length > unknown.length)
      rows = await wholeStreams(this.client, this.ledger, unknown, MOST_EVENTS + 1);
    if (rows.length > MOST_EVENTS) return rows.length;
    for (const key of unknown) this.#streams.set(key, []);
    const turns = new Turns();
    for (const { entity, sequence, bytes } of rows) {
      if (turns.over) await turns.next();
      const event = this.#events.get(sequence) ?? parseEvent(bytes);
      this.#events.set(sequence, event);
      this.#keep(entity, event);
    }
    const added = new Set(unknown);
    for (const event of this.batch.drafted()) {
      this.#events.set(event.sequence, event);
      for (const key of touched(event)) if (added.has(key)) this.#keep(key, event);
    }
    return undefined;
  }
}

const streamsOf = (events: readonly LedgerEvent[]): EntityKey[] =>
  events.flatMap((event) => touched(event).filter(isFoldedAnew));
