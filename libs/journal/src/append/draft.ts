import type pg from 'pg';
import type { CompactRange } from '#proofs/compactRange';
import { insertEvents, type NewEvent } from '../sql/events.ts';
import { isPipelined } from '../sql/transaction.ts';
import type { LockedHead, TreeNode } from '../sql/head.ts';
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
  readonly #nodes: TreeNode[] = [];

  /** @param head the first event gets the next sequence. Its tree grows by what is sent */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledger: string,
    private readonly head: LockedHead,
  ) {}

  get size(): number {
    return this.#events.length;
  }

  get nextSequence(): number {
    return this.head.sequence + this.#events.length + 1;
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

  /** The tree with everything that was sent, and the nodes that have become full. */
  get grown(): { readonly tree: CompactRange; readonly nodes: readonly TreeNode[] } {
    return { tree: this.head.tree, nodes: this.#nodes };
  }

  #send(end: number): void {
    const first = this.head.sequence + this.#sent + 1;
    const events = this.#events.slice(this.#sent, end);
    const insert = insertEvents(this.client, this.ledger, this.head.now, first, events);
    // What is sent is never taken back, and PostgreSQL has something to do meanwhile.
    const { tree } = this.head;
    if (tree.size === first - 1) for (const { leafHash } of events) growBy(tree, leafHash, this.#nodes);
    // The error is thrown by `finish`, or by an earlier statement that fails because of it.
    insert.catch(() => undefined);
    this.#inserts.push(insert);
    this.#sent = end;
  }
}

/** Adds a leaf to a tree, and to the nodes those that are stored: of every eighth level, as the tiles of C2SP have them. */
export function growBy(tree: CompactRange, leaf: Uint8Array, nodes: TreeNode[]): void {
  tree.append(leaf, (level, index, hash) => {
    if (level % 8 === 0) nodes.push({ level: level / 8, index, hash });
  });
}

/** What makes a submission one: its source and id. Neither holds a blank. */
export const identityOf = ({ source, id }: { readonly source: string; readonly id: string }): string =>
  `${source} ${id}`;
