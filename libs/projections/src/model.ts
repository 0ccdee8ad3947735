import type { Batch } from './engine/batch.ts';
import type { Db } from './reading/readModel.ts';

/** One read model: its tables, and how a batch of events changes them. Its queries stand in `queries.ts` beside it. */
export interface Model {
  readonly name: string;
  /** Makes the tables; the search path is the version's own schema. `ledger` leads every key and index. */
  readonly tables: string;
  /**
   * Brings the tables from before the batch to after it, in few statements. The position is locked. Other models work on the same
   * connection meanwhile, which runs statements in the order in which they are asked for: it may ask for several at once.
   */
  apply(batch: Batch, db: Db): Promise<void>;
}

/** The column type of ids: compared byte by byte, so that a list is sorted the same on every machine. */
export const ID = 'text COLLATE "C"';
