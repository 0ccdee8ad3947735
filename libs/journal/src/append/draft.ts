import type pg from 'pg';
import { insertEvents, type NewEvent } from '../sql/events.ts';
import { isPipelined } from '../sql/transaction.ts';
import type { Receipt } from '../submission.ts';
import { Turns } from '#platform/service/turns';

/** An event that was decided and is not committed yet. */
export interface DraftedEvent extends NewEvent {
  readonly receipt: Receipt;
}

/**
 * Events that one statement writes while the next ones are being decided. To insert an event takes PostgreSQL as long as it
 * takes this process to decide about the next (13 µs). Of 16 to 64 at once, 24 made the append fastest with 64 in flight.
 */
const CHUNK = 24;
/** Bytes of events that one statement writes, unless a single event has more: they are copied several times on their way. */
const CHUNK_BYTES = 524_288;

/**
 * What a batch is going to write, in order. It is written while it grows: PostgreSQL inserts the first events while this
 * process decides about the next. What is not written yet can be taken back.
 */
export class Draft {
  readonly #events: DraftedEvent[] = [];
  readonly #byId = new Map<string, DraftedEvent>();
  readonly #inserts: Promise<void>[] = [];
  #sent = 0;

  /**
   * @param after the ledger's head: the first event gets the next sequence
   * @param recorded when the events are recorded, RFC 3339
   */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledger: string,
    private readonly after: number,
    private readonly recorded: string,
  ) {}

  get size(): number {
    return this.#events.length;
  }

  get nextSequence(): number {
    return this.after + this.#events.length + 1;
  }

  get events(): readonly DraftedEvent[] {
    return this.#events;
  }

  add(event: DraftedEvent): void {
    this.#events.push(event);
    this.#byId.set(identityOf(event.event), event);
  }

  get(submitted: { readonly source: string; readonly id: string }): DraftedEvent | undefined {
    return this.#byId.get(identityOf(submitted));
  }

  /** Takes back everything after the first `size` events. */
  rewind(size: number): void {
    for (const { event } of this.#events.splice(size)) this.#byId.delete(identityOf(event));
  }

  /** Between two jobs, when what was drafted so far stays. Without a pipeline the next statement would have to wait. */
  writeWhatHasGrown(): void {
    if (this.size - this.#sent >= CHUNK && isPipelined(this.client)) this.#send(this.size);
  }

  /**
   * Sends all but the last events of an atomic batch, a few at a time, which may be 65 MB. It comes before `finish`: what is sent together
   * with the COMMIT may not wait for a turn.
   */
  async writeInTurns(): Promise<void> {
    const turns = new Turns();
    while (this.size - this.#sent > CHUNK) {
      let bytes = 0;
      let end = this.#sent;
      do bytes += this.#events[end++]?.bytes.length ?? 0;
      while (end < this.size && bytes < CHUNK_BYTES);
      this.#send(end);
      await turns.next();
    }
  }

  /** Resolves when all events are written; fails when any of them could not be. */
  async finish(): Promise<void> {
    if (this.size > this.#sent) this.#send(this.size);
    await Promise.all(this.#inserts);
  }

  #send(end: number): void {
    const first = this.after + this.#sent + 1;
    const insert = insertEvents(this.client, this.ledger, this.recorded, first, this.#events.slice(this.#sent, end));
    // The error is thrown by `finish`, or by an earlier statement that fails because of it.
    insert.catch(() => undefined);
    this.#inserts.push(insert);
    this.#sent = end;
  }
}

/** What makes a submission one: its source and id. Neither holds a blank. */
export const identityOf = ({ source, id }: { readonly source: string; readonly id: string }): string =>
  `${source} ${id}`;
