import type { EventType } from '#contracts/catalog';
import type { Batch } from './engine/batch.ts';
import type { Undone } from './engine/undone.ts';
import type { Table } from './engine/table.ts';
import type { Db } from './reading/readModel.ts';

/** One read model: its tables, and how a batch of events changes them. Its queries stand in `queries.ts` beside it. */
export interface Model {
  /** They are made in the schema of a version of the read models. */
  readonly tables: readonly Pick<Table<never>, 'ddl' | 'toFill' | 'forQuestions'>[];
  /** The types of events that it looks at; any event, when it names none. */
  readonly types?: readonly EventType[];
  /**
   * Brings the tables from before the batch to after it, in few statements. The position is locked. Other models work on the same
   * connection meanwhile, which runs statements in the order in which they are asked for: a model may ask for several at once.
   */
  apply(batch: Batch, db: Db): Promise<unknown>;
  /** Brings the tables to what they would be without an event that the batch, which is nothing else, takes back; like any batch, when it is left out. */
  undo?(undone: Undone, batch: Batch, db: Db): Promise<unknown>;
}
