import type { Leadership } from './leadership.ts';
import { choosePartition } from './choosePartition.ts';
import { type Cursor, loadCursors, storeCursor } from './cursors.ts';

/**
 * What is acknowledged, ledger by ledger. Stored a little later than known, never earlier: a crash in between sends some
 * events again, and consumers skip them.
 */
export class Progress {
  readonly #unstored = new Set<string>();

  private constructor(
    private readonly leadership: Leadership,
    private readonly topic: string,
    private readonly cursors: Map<string, Cursor>,
  ) {}

  static async load(leadership: Leadership, topic: string): Promise<Progress> {
    return new Progress(leadership, topic, await loadCursors(leadership.client));
  }

  get all(): ReadonlyMap<string, Cursor> {
    return this.cursors;
  }

  get positions(): ReadonlyMap<string, number> {
    return new Map([...this.cursors].map(([ledger, { sequence }]) => [ledger, sequence]));
  }

  /** The ledger's partition. At its first sight one is chosen, and kept before anything is sent there. */
  async partitionOf(ledger: string, partitions: readonly number[]): Promise<number> {
    const known = this.cursors.get(ledger);
    if (known !== undefined) return known.partition;
    const taken = [...this.cursors.values()].map(({ partition }) => partition);
    const partition = choosePartition(partitions, taken);
    await this.replace(ledger, { topic: this.topic, partition, sequence: 0, offset: undefined });
    return partition;
  }

  /** Stores at once. */
  async replace(ledger: string, cursor: Cursor): Promise<void> {
    await storeCursor(this.leadership.client, ledger, cursor);
    this.cursors.set(ledger, cursor);
  }

  /** The broker has acknowledged it. */
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
