import type pg from 'pg';
import { isVoid, type LedgerEvent, parseEvent } from '#contracts/cloudEvent';
import { nameOf, namesWhatBegan } from '#ledger/voiding/naming';
import { Turns } from '#platform/service/turns';
import { bytesLater, eventsNaming, type Among, standingLater } from '../sql/recorded.ts';

/** Later events that name what one began, and later events at all, that are looked at to take it back: more is too many to hold a ledger for. */
const MOST_NAMING = 1_000;
const MOST_LATER = 100_000;

/** After so many searches for names, the later events that may have one are read and kept, while they are few. */
const SEARCHES = 4;
/** Bytes of events; to parse as many takes about a second. */
const MOST_READ = 16_777_216;
/** What is taken back next is older: so many older events are read at the same time. */
const AHEAD = 5_000;

/** The events after a sequence that may have a name and stand, oldest first. */
interface Read {
  readonly after: number;
  readonly events: readonly LedgerEvent[];
  readonly bytes: number;
}

/**
 * Later events that name what an event began, though they are in none of its streams. Hundreds of events that are taken back in one batch
 * ask for as many names: each search goes through all later events, for as long as a ledger is held and longer.
 */
export class LaterNaming {
  /** null: they are too many to be kept. */
  readonly #read = new Map<Among, Read | null>();
  #searches = 0;
  #inBatch: { readonly events: LedgerEvent[]; readonly gone: Set<number> } | undefined;

  /** @param drafted the events that are decided and not written yet, in order */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledger: string,
    private readonly head: number,
    private readonly drafted: () => Iterable<LedgerEvent>,
  ) {}

  forget(): void {
    this.#inBatch = undefined;
  }

  add(event: LedgerEvent): void {
    if (this.#inBatch !== undefined && this.#inBatch.events.length > 2 * MOST_NAMING) this.forget();
    this.#inBatch?.events.push(event);
    if (isVoid(event)) this.#inBatch?.gone.add(event.data.sequence);
  }

  /** The later events that name what one began, oldest first; a number: so many would have to be looked at, which is too many. */
  async of(event: LedgerEvent): Promise<readonly LedgerEvent[] | number> {
    const isAfter = namesWhatBegan(event);
    const name = nameOf(event);
    if (isAfter === undefined || name === undefined) return [];
    const later = this.head - event.sequence;
    const among = name.types === undefined ? 'all' : 'may-name';
    if (among === 'all' && later > MOST_LATER) return later;
    const found = await this.#found(event.sequence, among, name.id);
    if (typeof found === 'number') return found;
    this.#inBatch ??= this.#drafted();
    const { events, gone } = this.#inBatch;
    const naming = [...found, ...events].filter((one) => isAfter(one) && !gone.has(one.sequence));
    return naming.length > MOST_NAMING ? naming.length : naming;
  }

  #drafted(): { events: LedgerEvent[]; gone: Set<number> } {
    const events = [...this.drafted()];
    return { events, gone: new Set(events.filter(isVoid).map(({ data }) => data.sequence)) };
  }

  async #found(after: number, among: Among, name: string): Promise<readonly LedgerEvent[] | number> {
    const read = await this.#readAfter(after, among);
    if (read !== undefined) return read;
    const searched = await this.#search(after, among, name);
    if (typeof searched !== 'number') return searched;
    // Most of them may have the text for something else: an order may be called 1, as lines are.
    this.#searches = SEARCHES;
    return (await this.#readAfter(after, among)) ?? searched;
  }

  async #search(after: number, among: Among, name: string): Promise<LedgerEvent[] | number> {
    this.#searches += 1;
    const rows = await eventsNaming(this.client, this.ledger, after, among, name, MOST_NAMING + 1);
    return rows.length > MOST_NAMING ? rows.length : rows.map(parseEvent);
  }

  async #readAfter(sequence: number, among: Among): Promise<readonly LedgerEvent[] | undefined> {
    const known = this.#read.get(among);
    if (known === null || this.#searches < SEARCHES) return undefined;
    const before = known ?? { after: this.head, events: [], bytes: 0 };
    if (sequence >= before.after) return before.events;
    const range = { after: Math.max(0, sequence - AHEAD), to: before.after };
    const bytes = before.bytes + (await bytesLater(this.client, this.ledger, range, among));
    if (bytes > MOST_READ) {
      this.#read.set(among, null);
      return undefined;
    }
    const events: LedgerEvent[] = [];
    const turns = new Turns();
    for (const row of await standingLater(this.client, this.ledger, range, among)) {
      if (turns.over) await turns.next();
      events.push(parseEvent(row));
    }
    const read = { after: range.after, events: [...events, ...before.events], bytes };
    this.#read.set(among, read);
    return read.events;
  }
}
