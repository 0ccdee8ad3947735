import type pg from 'pg';
import type { Leadership } from '#feed/leadership';

/** How far one ledger is published. */
export interface Cursor {
  readonly topic: string;
  readonly partition: number;
  /** The last sequence that the broker acknowledged; 0: none. */
  readonly sequence: number;
  /** The offset of that sequence on the partition; undefined while nothing is published. */
  readonly offset: bigint | undefined;
}

const LOAD = `SELECT ledger, topic, partition, sequence, "offset"::text AS "offset" FROM feed.relay_cursors`;
const STORE = `
  INSERT INTO feed.relay_cursors AS c (ledger, topic, partition, sequence, "offset", updated)
  VALUES ($1, $2, $3, $4, $5, now())
  ON CONFLICT (ledger) DO UPDATE SET
    topic = excluded.topic, partition = excluded.partition, sequence = excluded.sequence, "offset" = excluded."offset",
    updated = excluded.updated`;
async function loadCursors(client: pg.ClientBase): Promise<Map<string, Cursor>> {
  const { rows } = await client.query<{
    ledger: string;
    topic: string;
    partition: number;
    sequence: number;
    offset: string | null;
  }>(LOAD);
  return new Map(
    rows.map(({ ledger, offset, ...rest }) => [
      ledger,
      { ...rest, offset: offset === null ? undefined : BigInt(offset) },
    ]),
  );
}

/** One statement for each ledger, so that no transaction spans two ledgers. */
async function storeCursor(client: pg.ClientBase, ledger: string, cursor: Cursor): Promise<void> {
  const { topic, partition, sequence, offset } = cursor;
  await client.query({
    name: 'relay-cursor',
    text: STORE,
    values: [ledger, topic, partition, sequence, offset?.toString() ?? null],
  });
}

/** The partition with the fewest ledgers; the first of several that have equally few. */
export function choosePartition(partitions: readonly number[], taken: Iterable<number>): number {
  const load = new Map(partitions.map((partition) => [partition, 0]));
  for (const partition of taken) {
    const ledgers = load.get(partition);
    if (ledgers !== undefined) load.set(partition, ledgers + 1);
  }
  const [first, ...rest] = [...load];
  if (first === undefined) throw new Error('a topic has at least one partition');
  return rest.reduce((least, one) => (one[1] < least[1] ? one : least), first)[0];
}

/**
 * How far each ledger is published. Cursors are stored a little later than the broker acknowledges, never earlier: a crash in
 * between sends some events again, and consumers skip them.
 */
export class Cursors {
  readonly #unstored = new Set<string>();

  private constructor(
    private readonly leadership: Leadership,
    private readonly topic: string,
    private readonly cursors: Map<string, Cursor>,
  ) {}

  static async load(leadership: Leadership, topic: string): Promise<Cursors> {
    return new Cursors(leadership, topic, await loadCursors(leadership.client));
  }

  get all(): ReadonlyMap<string, Cursor> {
    return this.cursors;
  }

  get positions(): ReadonlyMap<string, number> {
    return new Map([...this.cursors].map(([ledger, { sequence }]) => [ledger, sequence]));
  }

  /** The ledger's partition. For a new ledger one is chosen, and stored before anything is sent there. */
  async partitionOf(ledger: string, partitions: readonly number[]): Promise<number> {
    const known = this.cursors.get(ledger);
    if (known !== undefined) return known.partition;
    const taken = [...this.cursors.values()].map(({ partition }) => partition);
    const partition = choosePartition(partitions, taken);
    await this.replace(ledger, { topic: this.topic, partition, sequence: 0, offset: undefined });
    return partition;
  }

  /** Changes and stores a cursor at once. */
  async replace(ledger: string, cursor: Cursor): Promise<void> {
    await storeCursor(this.leadership.client, ledger, cursor);
    this.cursors.set(ledger, cursor);
  }

  /** Notes that the broker has acknowledged the ledger up to this cursor. */
  acknowledge(ledger: string, sequence: number, offset: bigint): void {
    const known = this.cursors.get(ledger);
    if (known === undefined) throw new Error(`ledger ${ledger} was sent without a partition`);
    this.cursors.set(ledger, { ...known, sequence, offset });
    this.#unstored.add(ledger);
  }

  async store(): Promise<void> {
    for (const ledger of [...this.#unstored]) {
      const cursor = this.cursors.get(ledger);
      this.#unstored.delete(ledger);
      if (cursor !== undefined) await storeCursor(this.leadership.client, ledger, cursor);
    }
  }
}
