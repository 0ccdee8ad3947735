import pg from 'pg';
import { eventText, type LedgerEvent } from '#contracts/cloudEvent';
import { type FeedEvent, toFeedEvent } from '#feed/feedEvent';
import { createPool } from '#platform/database/database';
import { ReadModels } from '#projections/readModels';
import type { ReadModel } from '#projections/reading/readModel';
import { withReadModels } from '#projections/reading/readModel';
import { ensureActive } from '#projections/versions/versions';
import { freshDatabase } from '#test/setup/freshDatabase';
import { makeReadModels } from '#test/setup/makeReadModels';

/** An empty database with the first version of the read models active in it. */
export interface FreshReadModels {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly models: ReadModels;
  /** Applies events as the live feed does; throws unless all of them are applied. */
  apply(events: readonly LedgerEvent[], size?: number): Promise<void>;
  /** Reads the active version, as of now unless told. */
  read<T>(work: (model: ReadModel) => Promise<T>, at?: Date): Promise<T>;
  drop(): Promise<void>;
}

export async function freshReadModels(ledger = 'nvidia'): Promise<FreshReadModels> {
  const database = await freshDatabase({ template: 'all of Lading', migrate: makeReadModels });
  // A pool like the projector's.
  const pool = createPool(database.url, { pipeline: true });
  const models = new ReadModels(pool, await ensureActive(pool));
  return {
    url: database.url,
    pool,
    models,
    apply: (events, size) => applyAll(models, events, size),
    read: (work, at) => withReadModels(pool, ledger, work, at && { occurred: at }),
    drop: async () => {
      await pool.end();
      await database.drop();
    },
  };
}

/** Applies events in batches of `size`, all at once unless told. */
export async function applyAll(
  models: ReadModels,
  events: readonly LedgerEvent[],
  size = events.length,
): Promise<void> {
  for (let at = 0; at < events.length; at += size) {
    const batch = events.slice(at, at + size);
    const applied = await models.apply(batch[0]!.ledger, batch.map(fed));
    if (applied.outcome !== 'applied') throw new Error(`not applied: ${JSON.stringify(applied)}`);
  }
}

/** An event as a feed brings it: parsed from its bytes. */
export const fed = (event: LedgerEvent): FeedEvent => toFeedEvent(Buffer.from(eventText(event)));
