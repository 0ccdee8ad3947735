import type pg from 'pg';
import type { Db } from '../reading/readModel.ts';

/**
 * One connection, whose statements run one after the other in the order in which they were asked for, without being waited for: so the
 * next one is put together here while the database works on the last. After a failure none of the rest runs: they would run outside
 * the transaction, once it is rolled back.
 *
 * A pipelined connection (`createPool`) gets each at once, without a round trip and two wake-ups between them: PostgreSQL itself refuses
 * what comes after a failure in a transaction, and its owner rolls back when all have been answered. Either way every statement after
 * the failed one rejects with what that one failed of.
 */
export class PipelinedConnection {
  readonly query: Db['query'];
  #tail: Promise<unknown> | undefined;
  #failed: Error | undefined;

  constructor(db: Db) {
    if ('pipeline' in db && db.pipeline === true) {
      this.query = ((text: string, values?: unknown[]) =>
        db.query(text, values).catch((error: unknown) => {
          throw (this.#failed ??= error as Error);
        })) as Db['query'];
      return;
    }
    const run = async (text: string, values?: unknown[]): Promise<pg.QueryResult> => {
      const before = this.#tail;
      if (before !== undefined) await before.catch(() => undefined);
      if (this.#failed !== undefined) throw this.#failed;
      try {
        return await db.query(text, values);
      } catch (error) {
        this.#failed = error as Error;
        throw error;
      }
    };
    this.query = ((text: string, values?: unknown[]) => {
      const result = run(text, values);
      this.#tail = result;
      return result;
    }) as Db['query'];
  }
}
