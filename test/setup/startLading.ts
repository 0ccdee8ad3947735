import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { Client } from '#apps/cli/src/client';
import { startUp, type Undo } from '#apps/cli/src/up/startUp';
import { readConfig } from '#platform/service/config';
import { createPool } from '#platform/database/database';
import { freshDatabase } from '#test/setup/freshDatabase';

export interface Lading {
  readonly client: Client;
  /** On its database: for questions that HTTP does not take yet, such as those about a moment. */
  readonly pool: pg.Pool;
  stop(): Promise<void>;
}

/** The whole of Lading in this process, as `lading up` composes it, on a database of its own and a free port. */
export async function startLading(): Promise<Lading> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lading-scenario-'));
  const database = await freshDatabase();
  const undo: Undo = [];
  const config = readConfig({
    env: { LADING_PORT: '0', LADING_DATA: dataDir, DATABASE_URL: database.url, LOG_LEVEL: 'fatal' },
  });
  const { url, adminKey } = await startUp(config, () => undefined, undo);
  const pool = createPool(database.url);
  return {
    client: new Client(url, adminKey),
    pool,
    stop: async () => {
      await pool.end();
      for (const step of undo.reverse()) await step();
      await database.drop();
      await rm(dataDir, { recursive: true });
    },
  };
}
