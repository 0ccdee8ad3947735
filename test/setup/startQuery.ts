import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { serveDocs } from '#platform/docs/serveDocs';
import { serveDashboard } from '#apps/query/src/dashboard/serveDashboard';
import { FrontDoorModule } from '#apps/query/src/frontDoor.module';
import type { EventType, Submitted } from '#contracts/catalog';
import type { SubmittedEvent } from '#contracts/cloudEvent';
import { parseSubmission, requestHash } from '#intake/parseSubmission';
import { JournalFeed } from '#feed/journal';
import { Journal } from '#journal/journal';
import { type NewApiKey, createKey } from '#platform/keys/apiKeys';
import { readConfig, type WithDatabase } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { createPool } from '#platform/database/database';
import { listenOn } from '#platform/http/listenOn';
import { migrate } from '#platform/database/migrate';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { stopGracefully } from '#platform/service/stopOnSignals';
import { appliedSequence } from '#projections/reading/readModel';
import { ReadModels } from '#projections/readModels';
import { ensureActive } from '#projections/versions/versions';
import { freshDatabase } from './freshDatabase.ts';
import { makeReadModels } from './makeReadModels.ts';

export const ADMIN_KEY = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';
export const LEDGER = 'nvidia';

/** A query service on a database of its own; beside it a journal to write through, and a projector that reads the journal. */
export interface QueryService {
  readonly url: string;
  readonly databaseUrl: string;
  readonly app: NestFastifyApplication;
  readonly pool: pg.Pool;
  readonly journal: Journal;
  /** GET with the admin key, or another one; null: without. */
  get<B = Body>(path: string, options?: { key?: string | null; headers?: Record<string, string> }): Promise<Reply<B>>;
  /** Submits one event and answers its sequence; throws when it is rejected. */
  submit<T extends EventType>(type: T, data: Submitted<T>, time?: string): Promise<number>;
  /** Submits the events of a scenario's file, `memo/2-the-memo`, and waits until the read models have them. */
  play(scenario: string): Promise<void>;
  /** Makes a key and answers its secret. */
  key(key: NewApiKey): Promise<string>;
  /** Stops the projector: from now on the read models do not change. */
  stopProjecting(): Promise<void>;
  stop(): Promise<void>;
}

export interface Reply<B = Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The parsed body of a JSON answer. */
  readonly body: B;
}

/** The fields of a list, a row or a problem that tests read; the tests assert whether they are present. */
export interface Body {
  readonly ledger: string;
  readonly sequence: number;
  readonly next: string | null;
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

/** @param open whether the ledger is opened, which is that of the memo */
export async function startQuery({ project = true, open = true } = {}): Promise<QueryService> {
  const database = await freshDatabase(
    project
      ? { template: 'all of Lading', migrate: makeReadModels }
      : { template: 'query service', migrate: (url) => migrate(url, projectionMigrations) },
  );
  const env = { DATABASE_URL: database.url, LADING_ADMIN_KEY: ADMIN_KEY, LOG_LEVEL: 'silent', LADING_PORT: '0' };
  const config = readConfig({ env }) as WithDatabase;
  const app = await createApp(FrontDoorModule, config, {
    name: 'query',
    prepare: (made) => {
      serveDocs(made);
      serveDashboard(made);
    },
  });
  const url = await listenOn(app, config);
  const pool = createPool(database.url, { name: 'tests', max: 6, timeouts: { connect: 300_000 } });
  const journal = new Journal(pool);
  const feed = new JournalFeed({ pool, url: database.url });
  const projecting = project ? feed.run(new ReadModels(pool, await ensureActive(pool))) : undefined;
  if (open) await journal.open(LEDGER, { name: 'Nvidia allocations', keeper: 'nvidia' }, 'admin');
  // A slow machine may take longer for the first connections than the service waits for one.
  const isServed = () => fetch(`${url}/v1/status`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  while ((await isServed()).status !== 200) await sleep(20);
  let submitted = 0;

  return {
    url,
    databaseUrl: database.url,
    app,
    pool,
    journal,
    get: (async (path, { key = ADMIN_KEY, headers = {} } = {}) => {
      const response = await fetch(`${url}${path}`, {
        headers: { ...(key !== null && { authorization: `Bearer ${key}` }), ...headers },
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      const json = String(response.headers.get('content-type')).includes('json');
      const body: unknown = json ? JSON.parse(bytes.toString()) : undefined;
      return { status: response.status, headers: response.headers, bytes, body };
    }) as QueryService['get'],
    submit: async (type, data, time = '2023-12-01T09:00:00Z') => {
      const event = { id: `e-${++submitted}`, source: 'urn:test', type, time, data } as SubmittedEvent;
      const outcome = await journal.submit(LEDGER, { event, hash: requestHash(event), actor: 'tests' });
      if (outcome.status !== 'recorded') throw new Error(`not recorded: ${JSON.stringify(outcome)}`);
      return outcome.receipt.sequence;
    },
    play: async (scenario) => {
      const file = new URL(`../../apps/cli/src/scenarios/${scenario}.json`, import.meta.url);
      let sequence = 0;
      for (const event of JSON.parse(readFileSync(file, 'utf8')) as unknown[]) {
        const parsed = parseSubmission(event);
        if (!parsed.ok) throw new Error(parsed.refusal.detail);
        const outcome = await journal.submit(LEDGER, { event: parsed.event, hash: parsed.hash, actor: 'tests' });
        if (outcome.status !== 'recorded') throw new Error(`not recorded: ${JSON.stringify(outcome)}`);
        sequence = outcome.receipt.sequence;
      }
      while ((await appliedSequence(pool, LEDGER)) < sequence) {
        const [stuck] = feed.state().parked;
        if (stuck !== undefined) throw new Error(`the read models are parked: ${stuck.reason}`);
        await sleep(5);
      }
    },
    key: async (key) => (await createKey(pool, key)).secret,
    stopProjecting: async () => {
      await feed.stop();
      await projecting;
    },
    stop: async () => {
      await stopGracefully(app);
      await feed.stop();
      await projecting;
      await journal.close();
      await pool.end();
      await database.drop();
    },
  };
}
