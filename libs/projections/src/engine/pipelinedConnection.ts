import { setImmediate } from 'node:timers/promises';
import type pg from 'pg';
import { isPipelined, writeTogether } from '#platform/database/database';
import type { Db } from '../reading/readModel.ts';
import { copyInto } from './copy.ts';

/**
 * One connection, whose statements run one after the other in the order in which they were asked for, without being waited for: so the
 * next one is put together here while the database works on the last. After a failure none of the rest runs: they would run outside
 * the transaction, once it is rolled back.
 *
 * A pipelined connection (`createPool`) gets each at once, without a round trip and two wake-ups between them: PostgreSQL itself refuses
 * what comes after a failure in a transaction, and its owner rolls back when all have been answered. Either way every statement after
 * the failed one rejects with what that one failed of. What is asked for in one turn goes out in one write.
 */
export class PipelinedConnection {
  readonly query: Db['query'];
  readonly copy: NonNullable<Db['copy']>;
  #tail: Promise<unknown> | undefined;
  #failed: Error | undefined;

  /** @param plans the statements are prepared under names that begin with this: PostgreSQL plans each of them once a connection */
  constructor(db: Db, plans?: string) {
    const ask = (text: string, values?: unknown[]): Promise<pg.QueryResult> => {
      const name = plans === undefined ? undefined : nameOf(text, plans);
      return name === undefined ? db.query(text, values) : db.query({ name, text, values: values ?? [] });
    };
    const run = isPipelined(db)
      ? <R>(work: () => Promise<R>): Promise<R> => {
          writeTogether(db);
          return work().catch(async (error: unknown) => {
            // What is refused because of a failure may be heard of before that, when both answers come together.
            if ((error as { code?: string }).code === ABORTED) await setImmediate();
            throw (this.#failed ??= error as Error);
          });
        }
      : <R>(work: () => Promise<R>): Promise<R> => {
          const result = this.#after(this.#tail, work);
          this.#tail = result;
          return result;
        };
    // Not assigned as they are written: such functions last (platform's `Connection`), and the batch with them.
    const query = (text: string, values?: unknown[]) => run(() => ask(text, values));
    const copy: NonNullable<Db['copy']> = (text, rows) => run(() => copyInto(db, text, rows));
    this.query = query as Db['query'];
    this.copy = copy;
  }

  async #after<R>(before: Promise<unknown> | undefined, work: () => Promise<R>): Promise<R> {
    await before?.catch(() => undefined);
    if (this.#failed !== undefined) throw this.#failed;
    try {
      return await work();
    } catch (error) {
      this.#failed = error as Error;
      throw error;
    }
  }
}

/** SQLSTATE of a statement in a transaction in which one failed. */
const ABORTED = '25P02';

/** The statements that were prepared, numbered. Their texts are constants of this program: there are far fewer. */
const numbers = new Map<string, number>();
const MOST_NUMBERS = 500;

function nameOf(text: string, plans: string): string | undefined {
  let number = numbers.get(text);
  if (number === undefined) {
    if (numbers.size >= MOST_NUMBERS) return undefined;
    number = numbers.size;
    numbers.set(text, number);
  }
  return `${plans}-${number}`;
}
