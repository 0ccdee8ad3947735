import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type pg from 'pg';
import type { Problem } from '#contracts/problem';
import { IntakeModule } from '#intake/intake.module';
import { limits } from '#intake/limits';
import type { StreamLimits } from '#intake/streaming/streamIntake';
import type { JournalOptions } from '#journal/journalOptions';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { readHead } from '#journal/reader';
import { createKey, type NewApiKey } from '#platform/keys/apiKeys';
import { readConfig, type WithDatabase } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { migrate } from '#platform/database/migrate';
import { POOL } from '#platform/service/tokens';
import { freshDatabase } from '../setup/freshDatabase.ts';

export const ADMIN = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';

export const CLOUD_EVENT = 'application/cloudevents+json';
export const BATCH = 'application/cloudevents-batch+json';
export const NDJSON = 'application/x-ndjson';

type Services = Parameters<typeof IntakeModule.of>[0];

/** An answer, read. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Problem & Record<string, unknown>;
}

/** A migrated database with no ledger in it. */
export const intakeDatabase = async (): Promise<string> =>
  (
    await freshDatabase({
      migrate: (to) => migrate(to, journalMigrations),
      template: 'intake',
    })
  ).url;

export interface WritingAppOptions {
  /** All of them in one, unless told. */
  readonly services?: Services;
  readonly journal?: Partial<JournalOptions>;
  readonly streams?: Partial<StreamLimits>;
  readonly settings?: Readonly<Record<string, string>>;
}

/** A writing service that listens, on a database. */
export async function startWritingApp(
  url: string,
  { services = ['shipments', 'reallocations', 'swaps'], journal, streams, settings }: WritingAppOptions = {},
): Promise<WritingApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lading-intake-'));
  const env = {
    LADING_ADMIN_KEY: ADMIN,
    LADING_DATA: dataDir,
    DATABASE_URL: url,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    ...settings,
  };
  const module = IntakeModule.of(services, journal, { ...limits, ...streams });
  const app = await createApp(module, readConfig({ env }) as WithDatabase, { name: 'intake' });
  await app.listen(0, '127.0.0.1');
  return new WritingApp(app, await app.getUrl());
}

export class WritingApp {
  readonly pool: pg.Pool;

  constructor(
    readonly app: NestFastifyApplication,
    readonly base: string,
  ) {
    this.pool = app.get(POOL);
  }

  /** Sends a request as it is; `body` is sent as it is when it is text or bytes, else as JSON. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: (raw ? body : JSON.stringify(body)) as string }),
    });
    const text = await response.text();
    const isJson =
      response.headers.get('content-type')?.includes('json') === true &&
      !response.headers.get('content-type')?.includes('ndjson');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : { text }) as HttpAnswer['body'],
    };
  }

  submit(event: unknown, headers: Record<string, string> = {}, ledger = 'nvidia'): Promise<HttpAnswer> {
    return this.send('POST', `/v1/ledgers/${ledger}/events`, event, { 'content-type': CLOUD_EVENT, ...headers });
  }

  batch(events: unknown, query = '', headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return this.send('POST', `/v1/ledgers/nvidia/events${query}`, events, { 'content-type': BATCH, ...headers });
  }

  /** The result lines of a stream that is sent whole. */
  async stream(lines: string | Uint8Array, headers: Record<string, string> = {}): Promise<Record<string, unknown>[]> {
    const { status, body } = await this.send('POST', '/v1/ledgers/nvidia/events', lines, {
      'content-type': NDJSON,
      ...headers,
    });
    if (status !== 200) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
    return String(body.text)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Opens the ledger `nvidia`, registers who and what the tests speak of. */
  async open(): Promise<void> {
    const put = () => this.send('PUT', '/v1/ledgers/nvidia', { name: 'Nvidia allocations', keeper: 'nvidia' });
    // An app with little patience may be told to try again by a slow machine.
    let opened = await put();
    while (opened.status === 503) opened = await put();
    const parties = ['nvidia:supplier', 'tesla:customer', 'x:customer', 'dhl:carrier'].map((named) => {
      const [party = '', role = ''] = named.split(':');
      return event('lading.party.registered.v1', { party, name: party, roles: [role] });
    });
    const items = [event('lading.item.registered.v1', { item: 'H100', name: 'H100', tracking: 'quantity' })];
    const registered = () => this.batch([...parties, ...items], '?atomic=true');
    let { status, body } = await registered();
    while (status === 503) ({ status, body } = await registered());
    if (status !== 201 && status !== 200) throw new Error(JSON.stringify(body));
  }

  /** The last sequence of a ledger; 0 when there is none. */
  async head(ledger = 'nvidia'): Promise<number> {
    return (await readHead(this.pool, ledger)) ?? 0;
  }

  /** The headers of a new key. */
  async keyed(key: Omit<NewApiKey, 'name'> & { name?: string }): Promise<Record<string, string>> {
    const { secret } = await createKey(this.pool, { name: `key-${Math.random().toString(36).slice(2)}`, ...key });
    return { authorization: `Bearer ${secret}` };
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

let made = 0;
let named = 0;

/** A well-formed event with an id of its own. */
export const event = (type: string, data: unknown, over: Record<string, unknown> = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: `e-${++made}`,
  source: 'urn:test',
  type,
  time: '2023-12-01T00:00:00Z',
  data,
  ...over,
});

/** An order of Tesla's (or another buyer's) for some H100, each with a name of its own. */
export const order = (
  over: Record<string, unknown> = {},
  { quantity = 100, name = `PO-${made + 1}`, buyer = 'tesla' } = {},
): Record<string, unknown> =>
  event(
    'lading.order.placed.v1',
    {
      order: name,
      buyer,
      supplier: 'nvidia',
      lines: [{ line: '1', item: 'H100', quantity, window: { from: '2023-12-01', to: '2023-12-31' } }],
    },
    over,
  );

export const reassigned = (
  from: string,
  to: string,
  of: string,
  quantity: number,
  name = `RA-${++named}`,
): Record<string, unknown> => ({
  reallocation: name,
  kind: 'reassigned',
  from,
  to,
  lines: [{ order: of, line: '1', quantity }],
});
