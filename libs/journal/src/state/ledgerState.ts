import type { EntityShelf } from './entityCache.ts';

/** What a writer remembers of its ledger between two batches. */
export class WriterState {
  /** Every event up to here is in the entities on the shelf; undefined: nothing is known. */
  head: number | undefined;
  /** When `head` was last known to be the ledger's head, in milliseconds of `performance.now()`. */
  seen = 0;

  constructor(
    readonly ledger: string,
    readonly shelf: EntityShelf,
  ) {}

  /** After anything that leaves in doubt what is committed. */
  forget(): void {
    this.head = undefined;
    this.shelf.clear();
  }
}
