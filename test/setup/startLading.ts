import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Client } from '#apps/cli/src/client';
import type { Undo } from '#apps/cli/src/up/startOn';
import { startUp } from '#apps/cli/src/up/startUp';
import { readConfig } from '#platform/service/config';
import { STOP_MS } from '#platform/service/onStopSignal';
import { createPool } from '#platform/database/database';
import { freePort } from './freePort.ts';
import { freshDatabase } from './freshDatabase.ts';
import { makeReadModels } from './makeReadModels.ts';

export interface Lading {
  /** The settings with which a command in a terminal finds it: the port and the data folder. */
  readonly environment: Readonly<Record<string, string>>;
  readonly client: Client;
  /** On its database: for questions that HTTP does not take yet, such as those about a moment. */
  readonly pool: pg.Pool;
  stop(): Promise<void>;
}

/**
 * All of Lading in this process, as `lading up` composes it, on a free port, with a data folder and a database of its own.
 * @param settings more of them
 */
export async function startLading(settings: Readonly<Record<string, string>> = {}): Promise<Lading> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lading-test-'));
  // What it makes at its start anyway is there already: to make it costs a second for each test file.
  const database = await freshDatabase({ template: 'all of Lading', migrate: makeReadModels });
  const environment = { LADING_PORT: String(await freePort()), LADING_DATA: dataDir, LOG_LEVEL: 'fatal', ...settings };
  const undo: Undo = [];
  const config = readConfig({ env: { ...environment, DATABASE_URL: database.url } });
  const { url, adminKey } = await startUp(config, () => undefined, undo);
  const pool = createPool(database.url);
  // A slow machine may take longer for the first connections than the service waits for one.
  const isServed = () => fetch(`${url}/v1/status`, { headers: { authorization: `Bearer ${adminKey}` } });
  while ((await isServed()).status !== 200) await sleep(20);
  return {
    environment,
    client: new Client(url, adminKey),
    pool,
    stop: async () => {
      await pool.end();
      for (const step of undo.reverse()) await step(STOP_MS);
      await database.drop();
      await rm(dataDir, { recursive: true });
    },
  };
}
