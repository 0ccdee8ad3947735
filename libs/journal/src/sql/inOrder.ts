import type pg from 'pg';

/**
 * Runs statements in order. A connection made with `pipeline: true` gets all of them at once, each answered in its turn: one
 * round trip, and one wake-up of either side. Every step must be right whatever the answers of those before it are: after a
 * failed one PostgreSQL refuses the rest of the transaction, COMMIT included.
 */
export async function inOrder<T extends readonly unknown[]>(
  client: pg.ClientBase,
  steps: { readonly [K in keyof T]: () => Promise<T[K]> },
): Promise<T> {
  if (isPipelined(client)) return (await Promise.all(inOneWrite(client, steps))) as unknown as T;
  const answers: unknown[] = [];
  for (const step of steps) answers.push(await step());
  return answers as unknown as T;
}

/** A write costs a tenth of a millisecond, most of it for waking the other side. */
function inOneWrite<R>(client: pg.Client, steps: readonly (() => R)[]): R[] {
  const { stream } = client.connection;
  stream.cork();
  try {
    return steps.map((step) => step());
  } finally {
    stream.uncork();
  }
}

export const isPipelined = (client: pg.ClientBase): client is pg.Client =>
  'pipeline' in client && client.pipeline === true;
