import type pg from 'pg';
import { utcOf } from '#contracts/scalars';
import { type KeptEvent, readEnds, readKept, readTreeNodes } from '#journal/kept';
import { sameBytes } from '#proofs/primitives';
import { counted, toBase64 } from '#proofs/text';
import type { Damaged, Entries, Item } from '../items.ts';

/** Divides 65,536, so that no page has the hashes of two tiles of level 1. */
const PAGE = 1_024;

/** A checkpoint, with what stands beside it: the signer looks there for what it has signed. */
interface Stored {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: Uint8Array;
}

/** The checkpoints of a ledger. */
export interface StoredCheckpoints {
  /** The size of the newest one; 0 when there is none. */
  readonly newest: () => Promise<number>;
  /** The next ones, in the order of their sizes: those of more events than `size`. None when there are no more. */
  readonly after: (size: number) => Promise<readonly Stored[]>;
}

/** A ledger from the tables of its journal, with what stands beside the events, up to the head that it has when this begins. */
export async function* fromJournal(
  db: Pick<pg.ClientBase, 'query'>,
  ledger: string,
  stored: StoredCheckpoints,
  after = 0,
): AsyncGenerator<Item> {
  // Before the head is read: a checkpoint that is signed later may cover events that come later.
  const newest = await stored.newest();
  const ends = await readEnds(db, ledger);
  if (ends === undefined) return;
  // What is behind the head, no reader finds, and the next append cannot be written there.
  const upTo = Math.max(ends.head, ends.last);
  const notes = new Notes(stored, after);
  let last = after;
  // With the last event that was read before, to see that it is there.
  for (let read = Math.floor(Math.max(0, after - 1) / PAGE) * PAGE; read < upTo; read += PAGE) {
    const to = Math.min(read + PAGE, upTo);
    yield* notes.upTo(Math.min(to, newest));
    for (const run of runsOf(await readKept(db, ledger, read, to))) {
      last = Math.max(last, run.first + run.entries.length - 1);
      yield {
        ...run,
        beside: (index, event, leaf) => run.beside(index, event, leaf) ?? behind(run.first + index, ends),
      };
    }
    yield* treeNodes(db, ledger, read, Math.min(to, ends.treeSize));
  }
  // Who goes on behind the head has seen more events than there are: the database was restored from an old copy.
  if (after > upTo) {
    const they = after === upTo + 1 ? 'it was read before, and is' : 'they were read before, and are';
    const why = `${they} missing: the head of the ledger says that event ${ends.head} is the last`;
    yield { kind: 'damaged', first: upTo + 1, last: after, why };
  } else if (last < ends.head)
    yield { kind: 'damaged', why: `it is missing: the head of the ledger says that event ${ends.head} is the last` };
  // A Lading of the version before moves the head, and leaves the tree for the next append.
  else if (ends.treeSize >= ends.head) yield { kind: 'roots', size: ends.treeSize, roots: ends.tree };
  yield* notes.upTo(newest);
}

/** What the tree keeps above the events that were read last. */
async function* treeNodes(
  db: Pick<pg.ClientBase, 'query'>,
  ledger: string,
  after: number,
  size: number,
): AsyncGenerator<Item> {
  for (let [level, leaves] = [1, 256]; leaves <= size; level += 1, leaves *= 256) {
    const [from, to] = [Math.floor(after / leaves), Math.floor(size / leaves)];
    if (from >= to) continue;
    const nodes = await readTreeNodes(db, ledger, { level, from, to });
    const missing = nodes.findIndex(({ index }, i) => index !== from + i);
    if (missing >= 0 || nodes.length < to - from) {
      const index = from + (missing >= 0 ? missing : nodes.length);
      yield { kind: 'hashes', level, first: index, hashes: Buffer.alloc(32) };
    }
    yield { kind: 'hashes', level, first: from, hashes: Buffer.concat(nodes.map(({ hash }) => hash)) };
  }
}

/** Rows whose sequences follow each other, as one item. */
function* runsOf(rows: readonly KeptEvent[]): Generator<Entries & { readonly beside: NonNullable<Entries['beside']> }> {
  for (let from = 0; from < rows.length; ) {
    const first = rows[from]?.sequence ?? 0;
    let to = from + 1;
    while (to < rows.length && rows[to]?.sequence === first + to - from) to += 1;
    const run = rows.slice(from, to);
    yield {
      kind: 'entries',
      first,
      entries: run.map(({ bytes }) => bytes),
      beside: (index, event, leaf) => run[index] && beside(run[index], event, leaf),
    };
    from = to;
  }
}

/** The checkpoints, a page of them in memory at a time. */
class Notes {
  readonly #stored: StoredCheckpoints;
  #page: Awaited<ReturnType<StoredCheckpoints['after']>> = [];
  #after: number;

  constructor(stored: StoredCheckpoints, after: number) {
    this.#stored = stored;
    this.#after = after;
  }

  async *upTo(size: number): AsyncGenerator<Item> {
    while (this.#after < size) {
      const [next] = this.#page;
      if (next === undefined) {
        this.#page = await this.#stored.after(this.#after);
        if (this.#page.length === 0) return;
      } else {
        if (next.size > size) return;
        yield besideNote(next) ?? { kind: 'checkpoint', note: next.note };
        this.#after = next.size;
        this.#page = this.#page.slice(1);
      }
    }
  }
}

/** What a row says beside its checkpoint, that is not what the checkpoint says. One that is malformed is said to be that elsewhere. */
function besideNote({ size, root, note }: Stored): Damaged | undefined {
  const [, saysSize, saysRoot] = Buffer.from(note).toString('utf8').split('\n');
  if (saysRoot === undefined || (saysSize === String(size) && saysRoot === toBase64(root))) return undefined;
  const why = `the checkpoint of ${counted(Number(saysSize), 'event')} with the root ${saysRoot} stands there as one of ${counted(size, 'event')} with the root ${toBase64(root)}`;
  return { kind: 'damaged', first: Math.max(1, size), why };
}

type Told = Readonly<Record<string, unknown>>;

/** What a row says beside the bytes of its event, that is not what the event says. */
function beside(row: KeptEvent, event: Told, leaf: Uint8Array): string | undefined {
  if (!sameBytes(row.leafHash, leaf)) return 'the hash that stands beside it is not that of its bytes';
  for (const column of ['source', 'id', 'type', 'subject'] as const)
    if (event[column] !== row[column])
      return `beside it stands the ${column} ${row[column]}, and it says ${String(event[column])}`;
  if (!isMoment(event.time, row.occurred))
    return `beside it stands that it occurred ${row.occurred}, and it says ${String(event.time)}`;
  if (!isMoment(event.recordedtime, row.recorded))
    return `beside it stands that it was recorded ${row.recorded}, and it says ${String(event.recordedtime)}`;
  return undefined;
}

function isMoment(said: unknown, kept: string): boolean {
  if (said === kept) return true;
  try {
    return typeof said === 'string' && utcOf(said) === kept;
  } catch {
    return false;
  }
}

/** What is wrong with the head of the ledger, seen from one of its events. */
function behind(sequence: number, { head }: { readonly head: number }): string | undefined {
  return sequence > head
    ? `it stands behind the head of the ledger, which says that event ${head} is the last`
    : undefined;
}
