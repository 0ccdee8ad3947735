import { setTimeout as sleep } from 'node:timers/promises';
import { serveDashboard } from '#apps/query/src/dashboard/serveDashboard';
import { SignIn } from '#apps/query/src/dashboard/signIn';
import { migrate } from '#platform/database/migrate';
import { waitForDatabase } from '#platform/database/waitForDatabase';
import { serveDocs } from '#platform/docs/serveDocs';
import { listenOn } from '#platform/http/listenOn';
import { adminKey } from '#platform/keys/adminKey';
import type { Config } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { stopGracefully } from '#platform/service/stopOnSignals';
import { HealthChecks, NotReady } from '#platform/watching/health';
import { watchProcess } from '#platform/watching/metrics';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import type { EmbeddedPostgres } from '#servers/embeddedPostgres';
import { exitCodes, UserError } from '../exitCodes.ts';
import { announce, withdraw } from '../running.ts';
import { AllInOneModule } from './allInOne.module.ts';

export interface Up {
  readonly url: string;
  /** Opens the dashboard signed in: once, and for a short time. */
  readonly dashboard: string;
  readonly adminKey: string;
  /** The file of the admin key; undefined when the key came from the environment. */
  readonly keyFile: string | undefined;
  /** Rejects when the database of this process has ended and cannot be started again. */
  readonly lost: Promise<never>;
}

/** The steps that stop what was started, each in the milliseconds that it gets; they run from the last to the first. */
export type Undo = ((patienceMs: number) => unknown)[];

const READY_MS = 60_000;
/** What the database of this process has at the least to stop, when nothing else leaves it more. */
const POSTGRES_STOP_MS = 1_000;

/** All of Lading but its database: its tables, the application, its port. `own` is the database of this process, unless `databaseUrl` is one's own. */
export async function startOn(
  databaseUrl: string,
  config: Config,
  say: (message: string) => void,
  undo: Undo,
  own?: { readonly postgres: EmbeddedPostgres; readonly lost: Promise<never> },
): Promise<Up> {
  await waitForDatabase(databaseUrl, say);
  const ran = await migrate(databaseUrl, projectionMigrations);
  if (ran.length > 0) say(`made the tables (${ran.length} migrations)`);

  watchProcess();
  const app = await createApp(
    AllInOneModule.with(config),
    { ...config, databaseUrl },
    {
      name: 'up',
      prepare: (app) => {
        serveDocs(app);
        serveDashboard(app);
      },
    },
  );
  undo.push((patienceMs) => stopGracefully(app, patienceMs - POSTGRES_STOP_MS));
  const url = await listenOn(app, config);
  const { key, file } = await adminKey(config);
  if (own !== undefined)
    app.get(HealthChecks).register('PostgreSQL', () => {
      if (own.postgres.trouble !== undefined) throw new NotReady(own.postgres.trouble);
    });
  // The projector creates its tables when it starts, and no question can be answered before that.
  await becomesReady(app.get(HealthChecks));
  announce(config.dataDir, { pid: process.pid, url, databaseUrl });
  undo.push(() => {
    withdraw(config.dataDir);
  });
  const dashboard = `${url}/app/#code=${app.get(SignIn, { strict: false }).newCode()}`;
  return { url, dashboard, adminKey: key, keyFile: file, lost: own?.lost ?? new Promise<never>(() => undefined) };
}

async function becomesReady(health: HealthChecks): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const { ready, checks } = await health.run();
    if (ready) return;
    if (Date.now() > deadline) {
      const down = Object.entries(checks).flatMap(([name, { status, detail }]) =>
        status === 'down' ? `${name}: ${detail ?? status}` : [],
      );
      throw new UserError(`Not ready within ${READY_MS / 1000} s. ${down.join('; ')}`, exitCodes.unavailable);
    }
    await sleep(20);
  }
}
