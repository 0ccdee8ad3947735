import type pg from 'pg';

const corked = new WeakSet<object>();

/** What a pipelined connection is asked for until the end of this turn goes out in one write: it wakes the database once. */
export function writeTogether(db: object): void {
  if (!isPipelined(db) || corked.has(db)) return;
  const { stream } = db.connection;
  corked.add(db);
  stream.cork();
  process.nextTick(() => {
    corked.delete(db);
    stream.uncork();
  });
}

/** Whether a connection sends each statement without waiting for the answer to the one before (`createPool`). */
export const isPipelined = (db: object): db is pg.Client => 'pipeline' in db && db.pipeline === true;
