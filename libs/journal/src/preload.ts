import type pg from 'pg';
import { decide } from '#ledger/decide';
import type { EntityKey } from '#ledger/entity';
import { mentions } from '#ledger/mentions';
import type { Entities } from './entities.ts';
import { loadEntities } from './loadEntities.ts';
import { NotingView } from './notingView.ts';
import type { Submission } from './submission.ts';
import { UnitLookups } from './unitLookups.ts';

/** How often what a decision needs may lead to more: a swap → its orders → the shipments they are on. */
const ROUNDS = 4;

/**
 * Loads what the commands will need before the ledger is locked, so that the lock is held for deciding and writing only.
 * First what they name; then, for those that name something that had to be loaded and is there, what deciding about them
 * asks for. What is overlooked here (the state may change until the lock) is loaded under the lock.
 */
export async function preload(
  client: pg.ClientBase,
  ledger: string,
  submissions: readonly Submission[],
  entities: Entities,
): Promise<void> {
  let wanted = new Set<EntityKey>();
  const named = submissions.map(({ event }) => {
    const missing = mentions(event).filter((key) => entities.get(key) === undefined);
    for (const key of missing) wanted.add(key);
    return { event, missing };
  });
  await load(client, ledger, wanted, entities);

  const cold = named.filter(({ missing }) => missing.some((key) => entities.get(key)?.entity !== undefined));
  const now = new Date();
  for (let round = 0; round < ROUNDS && cold.length > 0; round++) {
    wanted = new Set();
    for (const { event } of cold) {
      const view = new NotingView(entities, new UnitLookups());
      try {
        decide(event, view, now);
      } catch {
        // The decision that counts is made under the lock; a fault shows there.
      }
      for (const key of view.missing) wanted.add(key);
    }
    if (wanted.size === 0) return;
    await load(client, ledger, wanted, entities);
  }
}

async function load(
  client: pg.ClientBase,
  ledger: string,
  keys: ReadonlySet<EntityKey>,
  entities: Entities,
): Promise<void> {
  if (keys.size === 0) return;
  for (const [key, known] of await loadEntities(client, ledger, [...keys])) entities.set(key, known);
}
