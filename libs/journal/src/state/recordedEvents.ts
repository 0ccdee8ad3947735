import type pg from 'pg';
import { isVoid, type LedgerEvent, parseEvent } from '#contracts/cloudEvent';
import type { EntityKey } from '#ledger/entity';
import { isFoldedAnew, standingIn, touched } from '#ledger/evolve';
import type { Recorded } from '#ledger/view';
import { nameOf, namesWhatBegan } from '#ledger/voiding/naming';
import { Turns } from '#platform/service/turns';
import { eventsAt, eventsNaming, wholeStreams } from '../sql/recorded.ts';

/** What a decision to take an event back looks at, as far as it was loaded. */
export interface KnownEvents {
  /** null: there is no such event; undefined: it was not loaded. */
  recorded(sequence: number): Recorded | null | undefined;
  stream(key: EntityKey): readonly LedgerEvent[] | undefined;
}

/** Events of all streams together, and later events, that are looked at to take one back: more is too many to hold a ledger for. */
const MOST_EVENTS = 10_000;
const MOST_NAMING = 1_000;
const MOST_LATER = 100_000;

/**
 * Events with their streams, as of the last event of the batch that is being decided. It is loaded for what takes events back. Streams grow
 * with the batch: loaded anew for each of 600 events that are taken back in one, they were read for longer than a ledger is held.
 */
export class RecordedEvents implements KnownEvents {
  readonly #recorded = new Map<number, Recorded | null>();
  readonly #streams = new Map<EntityKey, LedgerEvent[]>();
  /** How many events are in the streams. */
  #kept = 0;

  /** @param drafted the events that are decided and not written yet, in order */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledger: string,
    private readonly head: number,
    private readonly drafted: () => Iterable<LedgerEvent>,
  ) {}

  recorded(sequence: number): Recorded | null | undefined {
    return this.#recorded.get(sequence);
  }

  stream(key: EntityKey): readonly LedgerEvent[] | undefined {
    return this.#streams.get(key);
  }

  forget(): void {
    this.#recorded.clear();
    this.#streams.clear();
    this.#kept = 0;
  }

  /** After an event was added to the batch. */
  add(event: LedgerEvent): void {
    if (this.#kept > MOST_EVENTS) this.forget();
    this.#recorded.clear();
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
    const events = await this.#events(sequences);
    const keys = new Set([...streams, ...events.flatMap((event) => touched(event).filter(isFoldedAnew))]);
    const tooMany = await this.#loadStreams(keys);
    for (const sequence of sequences) this.#recorded.set(sequence, null);
    for (const event of events) {
      const own = touched(event).filter(isFoldedAnew);
      const whole = new Map(own.map((key) => [key, this.#streams.get(key) ?? []]));
      const naming = tooMany === undefined ? await this.#naming(event) : [];
      const many = tooMany ?? (typeof naming === 'number' ? naming : undefined);
      this.#recorded.set(event.sequence, {
        event,
        streams: whole,
        naming: typeof naming === 'number' ? [] : naming,
        ...(many !== undefined && { tooMany: many }),
      });
    }
  }

  async #events(sequences: ReadonlySet<number>): Promise<LedgerEvent[]> {
    const drafted = [...this.drafted()].filter(({ sequence }) => sequences.has(sequence));
    const asked = [...sequences].filter((sequence) => sequence <= this.head);
    if (asked.length === 0) return drafted;
    return [...(await eventsAt(this.client, this.ledger, asked)).map(parseEvent), ...drafted];
  }

  async #loadStreams(keys: ReadonlySet<EntityKey>): Promise<number | undefined> {
    const unknown = [...keys].filter((key) => !this.#streams.has(key));
    if (unknown.length === 0) return undefined;
    const rows = await wholeStreams(this.client, this.ledger, unknown, MOST_EVENTS + 1);
    if (rows.length > MOST_EVENTS) return rows.length;
    for (const key of unknown) this.#streams.set(key, []);
    const turns = new Turns();
    const parsed = new Map<string, LedgerEvent>();
    for (const { entity, bytes } of rows) {
      if (turns.over) await turns.next();
      const event = parseEvent(bytes);
      const same = parsed.get(event.id + event.source) ?? event;
      parsed.set(event.id + event.source, same);
      this.#keep(entity, same);
    }
    const added = new Set(unknown);
    for (const event of this.drafted()) for (const key of touched(event)) if (added.has(key)) this.#keep(key, event);
    return undefined;
  }

  async #naming(event: LedgerEvent): Promise<LedgerEvent[] | number> {
    const isAfter = namesWhatBegan(event);
    const name = nameOf(event);
    if (isAfter === undefined || name === undefined) return [];
    const drafted = [...this.drafted()];
    const gone = new Set(drafted.flatMap((one) => (isVoid(one) ? [one.data.sequence] : [])));
    const later = this.head - event.sequence;
    if (name.types === undefined && later > MOST_LATER) return later;
    const text = JSON.stringify(name.id);
    const rows = await eventsNaming(this.client, this.ledger, event.sequence, name.types, text, MOST_NAMING + 1);
    if (rows.length > MOST_NAMING) return rows.length;
    const found = rows.map(parseEvent).filter(({ sequence }) => !gone.has(sequence));
    return [...found, ...standingIn(drafted)].filter(isAfter);
  }
}
