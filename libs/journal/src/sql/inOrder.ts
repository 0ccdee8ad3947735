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
  if (isPipelined(client)) return Promise.all(steps.map((step) => step())) as Promise<unknown> as Promise<T>;
  const answers: unknown[] = [];
  for (const step of steps) answers.push(await step());
  return answers as unknown as T;
}

export const isPipelined = (client: pg.ClientBase): boolean => 'pipeline' in client && client.pipeline === true;
