import type pg from 'pg';
import { parseEvent } from '#contracts/cloudEvent';
import { Turns } from '#platform/service/turns';
import { eventsAfter } from '../sql/events.ts';
import { readHead } from '../reader.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import { type CachePartition, CommittedEntities } from './entities.ts';

/** A writer that wrote more recently than this reads the events of others under the lock only. */
const FRESH_MS = 1_000;

/** What a writer remembers of its ledger between two batches. */
export class LedgerState {
  /** The entities in the cache have every event up to here; undefined: nothing is known. */
  #head: number | undefined;
  /** When `#head` was last known to be the ledger's head, in milliseconds of `performance.now()`. */
  #headSeen = 0;

  constructor(
    readonly ledger: string,
    private readonly partition: CachePartition,
  ) {}

  /** The last head that is known; 0 when none is. */
  get head(): number {
    return this.#head ?? 0;
  }

  /**
   * Before the lock: reads what others wrote while this writer was idle, or forgets its entities when that is more than
   * `foldLimit` events. A ledger that `mayBeMissing` is only asked for under the lock.
   */
  async catchUp(client: pg.ClientBase, foldLimit: number, mayBeMissing: boolean): Promise<CommittedEntities> {
    const entities = new CommittedEntities(this.partition);
    const isFresh = this.#head !== undefined && performance.now() - this.#headSeen < FRESH_MS;
    if (isFresh || mayBeMissing) return entities;
    const head = await readHead(client, this.ledger);
    if (head === undefined) throw new UnknownLedger(this.ledger);
    return this.foldUpTo(client, head, foldLimit, entities);
  }

  /**
   * Brings the entities to `head`, which the ledger is known to have reached: folds the new events into them. When there are
   * more than `foldLimit` new events, it forgets all entities instead, since to load those that are needed is then cheaper.
   */
  async foldUpTo(
    client: pg.ClientBase,
    head: number,
    foldLimit: number,
    entities: CommittedEntities,
  ): Promise<CommittedEntities> {
    const known = this.#head;
    this.moveTo(head);
    if (known === head) return entities;
    if (known === undefined || head - known > foldLimit) {
      this.partition.clear();
      return new CommittedEntities(this.partition);
    }
    // May bring more than `head` when the lock is not held: an entity's version says which events are in it.
    const turns = new Turns();
    for (const bytes of await eventsAfter(client, this.ledger, known)) {
      if (turns.over) await turns.next();
      entities.fold(parseEvent(bytes));
    }
    return entities;
  }

  /** The entities have every event up to `head`, which is the ledger's head now. */
  moveTo(head: number): void {
    this.#head = head;
    this.#headSeen = performance.now();
  }

  /** Forgets everything, after anything that leaves in doubt what is committed. */
  forget(): void {
    this.#head = undefined;
    this.partition.clear();
  }
}
