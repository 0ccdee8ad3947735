import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startUp, type Undo } from '#apps/cli/src/up/startUp';
import { readConfig } from '#platform/service/config';
import { freshDatabase } from '#test/setup/freshDatabase';
import { freePort } from '#test/setup/freePort';

export interface StartedProcess {
  /** What a terminal must have set to find it: the port and the data folder. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** What `npm start` runs, on a free port, a data folder of its own and a database of the test run. */
export async function startInProcess(): Promise<StartedProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lading-docs-'));
  const database = await freshDatabase();
  const environment = { LADING_PORT: String(await freePort()), LADING_DATA: dataDir, LOG_LEVEL: 'fatal' };
  const undo: Undo = [];
  await startUp(readConfig({ env: { ...environment, DATABASE_URL: database.url } }), () => undefined, undo);
  return {
    environment,
    stop: async () => {
      for (const step of undo.reverse()) await step();
      await database.drop();
      await rm(dataDir, { recursive: true });
    },
  };
}
