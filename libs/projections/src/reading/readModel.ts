import type pg from 'pg';

/** Whatever runs SQL: a client inside the one transaction of a request. */
export type Db = Pick<pg.ClientBase, 'query'>;

/** One ledger in one version of the read models, as it stands at `sequence`, for the length of one transaction. */
export interface ReadModel {
  readonly db: Db;
  readonly ledger: string;
  readonly version: number;
  /** The last sequence that everything read here knows; 0: nothing of this ledger is there (yet). */
  readonly sequence: number;
}
