import type pg from 'pg';
import { type EventType, subjectOf } from '#contracts/catalog';
import { isVoid, type LedgerEvent, parseEvent, type SubmittedEvent } from '#contracts/cloudEvent';
import { decide } from '#ledger/decide';
import type { Entity, EntityKey } from '#ledger/entity';
import { foldOn, isFoldedAnew } from '#ledger/evolve';
import { entitiesNamed } from '#ledger/named';
import { fromJson, toJson } from '#ledger/serialisable';
import { Turns } from '#platform/service/turns';
import { wholeStreams } from '../sql/recorded.ts';
import { loadStreams, type SnapshotRow } from '../sql/streams.ts';
import { anewFrom, type CachedEntity, type CommittedEntities } from './entities.ts';
import { type KnownEvents, type InTheMaking, RecordedEvents } from './recordedEvents.ts';
import { type KnownUnits, Missing, RecordingView, UnitsWritten } from './recordingView.ts';

/**
 * The form of the states in `journal.snapshots`. Raise it when `toJson` changes, or when `evolve` makes another state of the
 * same events: snapshots of another format are not read, and the streams are folded from the start.
 */
export const SNAPSHOT_FORMAT = 4;

export const snapshotRow = ([key, entity]: readonly [EntityKey, Entity]): SnapshotRow => ({
  entity: key,
  sequence: entity.version,
  state: Buffer.from(JSON.stringify(toJson(entity))),
});

/** Streams that one statement reads: a stream may have hundreds of events after its snapshot. */
const STREAMS_AT_ONCE = 100;

/** Reads entities from their snapshots and streams. Every key is in the answer, also of an entity that does not exist. */
export async function loadEntities(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  keys: readonly EntityKey[],
): Promise<Map<EntityKey, CachedEntity>> {
  const nothing: CachedEntity = { entity: undefined, sinceSnapshot: 0 };
  const loaded = new Map<EntityKey, CachedEntity>(keys.map((key) => [key, nothing]));
  const turns = new Turns();
  /** Entities of which an event was taken back since their snapshot. */
  const again = new Set<EntityKey>();
  for (let from = 0; from < keys.length; from += STREAMS_AT_ONCE) {
    const some = keys.slice(from, from + STREAMS_AT_ONCE);
    const since = new Map<EntityKey, LedgerEvent[]>();
    for (const { entity: key, snapshot, bytes } of await loadStreams(client, ledger, head, some, SNAPSHOT_FORMAT)) {
      if (turns.over) await turns.next();
      if (snapshot) {
        loaded.set(key, { entity: fromJson(JSON.parse(bytes.toString('utf8'))), sinceSnapshot: 0 });
        continue;
      }
      const event = parseEvent(bytes);
      if (isVoid(event) && isFoldedAnew(key)) again.add(key);
      const events = since.get(key);
      if (events === undefined) since.set(key, [event]);
      else events.push(event);
    }
    for (const [key, events] of since) {
      if (turns.over) await turns.next();
      if (again.has(key)) continue;
      loaded.set(key, { entity: foldOn(key, loaded.get(key)?.entity, events), sinceSnapshot: events.length });
    }
  }
  if (again.size > 0) for (const [key, cached] of await foldedAnew(client, ledger, [...again])) loaded.set(key, cached);
  return loaded;
}

/** Entities from their whole streams: what was taken back may be anywhere in them. */
async function foldedAnew(
  client: pg.ClientBase,
  ledger: string,
  keys: readonly EntityKey[],
): Promise<Map<EntityKey, CachedEntity>> {
  const streams = new Map<EntityKey, LedgerEvent[]>(keys.map((key) => [key, []]));
  const turns = new Turns();
  for (const { entity, bytes } of await wholeStreams(client, ledger, keys, MOST_IN_STREAMS)) {
    if (turns.over) await turns.next();
    streams.get(entity)?.push(parseEvent(bytes));
  }
  return new Map([...streams].map(([key, stream]) => [key, anewFrom(key, stream)]));
}

const MOST_IN_STREAMS = 2 ** 31 - 1;

/** What decisions look at, and where the rest of it is loaded from. */
export class LoadedState {
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledger: string,
    /** The ledger's sequence, as far as it is known: PostgreSQL's plans are made for ledgers of about this size. */
    private readonly head: number,
    readonly entities: CommittedEntities,
    readonly units: KnownUnits = new UnitsWritten(),
    private readonly batch: InTheMaking = { drafted: () => [], voids: [] },
  ) {}

  /** Of what takes events back: made when there is something to load. */
  #events: RecordedEvents | undefined;

  get events(): KnownEvents | undefined {
    return this.#events;
  }

  /** After an event was added to the batch. */
  addEvent(event: LedgerEvent): void {
    this.#events?.add(event);
  }

  /** After what was added to the batch was taken out of it again. */
  forgetEvents(): void {
    this.#events?.forget();
  }

  async load(keys: ReadonlySet<EntityKey>): Promise<void> {
    if (keys.size === 0) return;
    const loaded = await loadEntities(this.client, this.ledger, this.head, [...keys]);
    for (const [key, cached] of loaded) this.entities.set(key, cached);
  }

  /**
   * Loads what was missing and decides again, until nothing is missing. It ends: only what was never loaded is missing, so
   * each round loads something new. Serial numbers are to be asked for under the ledger's lock only.
   */
  async loadAndDecideAgain<T>(missing: Missing, decideAgain: () => T | Missing | Promise<T | Missing>): Promise<T> {
    let decided: T | Missing = missing;
    while (decided instanceof Missing) {
      await this.load(decided.entities);
      await this.units.load(this.client, this.ledger, this.head, decided);
      if (decided.recorded.size > 0 || decided.streams.size > 0) {
        this.#events ??= new RecordedEvents(this.client, this.ledger, this.head, this.batch);
        await this.#events.load(decided.recorded, decided.streams);
        // One look for all of them: most follow each other, and each look takes as long as many rows.
        const units = this.#events.takeUnits();
        await this.units.load(this.client, this.ledger, this.head, { units, accounts: new Set() });
      }
      decided = await decideAgain();
    }
    return decided;
  }
}

/** How often what a command names may lead to more: a swap → its orders → the shipments that they are on. */
const PREFETCH_ROUNDS = 4;

/** A command that names entities which are not loaded. */
interface ColdCommand {
  readonly event: SubmittedEvent;
  readonly missing: readonly EntityKey[];
  /** Nothing is missing but its own subject or document, which is most likely new. */
  readonly isProbablyNew: boolean;
}

/** Loads what a batch's commands need, for all of them together, before they are decided one by one. */
export class Prefetch {
  readonly #cold: readonly ColdCommand[];

  constructor(
    events: readonly SubmittedEvent[],
    private readonly entities: CommittedEntities,
  ) {
    this.#cold = events.flatMap((event) => {
      const missing = entitiesNamed(event).filter((key) => entities.get(key) === undefined);
      if (missing.length === 0) return [];
      const subject = subjectOf<EventType>(event.type, event.data);
      const isProbablyNew = missing.every((key) => key === subject || key.startsWith('document/'));
      return [{ event, missing, isProbablyNew }];
    });
  }

  /** Whether what is missing may lead to more: then it takes several statements to load it. */
  get isDeep(): boolean {
    return this.#cold.some(({ isProbablyNew }) => !isProbablyNew);
  }

  /** Loads all that is named, with one statement. */
  async load(client: pg.ClientBase, ledger: string, head: number): Promise<void> {
    await this.#stateOn(client, ledger, head).load(this.#named());
  }

  /**
   * Loads all that is named; then, for commands that named something that exists, what deciding about them asks for. The
   * state may change until the lock is held: whatever is overlooked here is loaded under the lock.
   */
  async loadDeeply(client: pg.ClientBase, ledger: string, head: number): Promise<void> {
    const state = this.#stateOn(client, ledger, head);
    await state.load(this.#named());
    const leading = this.#cold.filter(({ missing }) =>
      missing.some((key) => this.entities.get(key)?.entity !== undefined),
    );
    const now = new Date();
    let rounds = 0;
    const decideAll = async () =>
      rounds++ < PREFETCH_ROUNDS ? entitiesMissing(leading, this.entities, now) : undefined;
    const missing = await decideAll();
    if (missing !== undefined) await state.loadAndDecideAgain(missing, decideAll);
  }

  #stateOn(client: pg.ClientBase, ledger: string, head: number): LoadedState {
    return new LoadedState(client, ledger, head, this.entities);
  }

  #named(): Set<EntityKey> {
    return new Set(this.#cold.flatMap(({ missing }) => missing));
  }
}

/** What deciding about these commands asks for that is not loaded, but for serial numbers; undefined when it is all there. */
async function entitiesMissing(
  commands: readonly ColdCommand[],
  entities: CommittedEntities,
  now: Date,
): Promise<Missing | undefined> {
  const all = new Missing();
  const turns = new Turns();
  for (const { event } of commands) {
    // A hundred commands with 3,000 serial numbers each took 1.4 s.
    if (turns.over) await turns.next();
    const view = new RecordingView(entities, new UnitsWritten());
    try {
      decide(event, view, now);
    } catch {
      // The decision that counts is made under the lock; a fault shows there.
    }
    for (const key of view.missing()?.entities ?? []) all.entities.add(key);
  }
  return all.entities.size > 0 ? all : undefined;
}
