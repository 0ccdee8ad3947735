import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import { packageRoot } from '#apps/cli/src/packageRoot';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { StatusRow } from '#contracts/statusRows';
import { createPool } from '#platform/database/database';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { eventually } from '#test/feed/eventually';
import { append } from '#test/feed/seedJournal';
import { manyEvents } from '#test/projections/manyEvents';
import { published } from '#test/projections/published';
import { freePort } from '#test/setup/freePort';
import { freshDatabase } from '#test/setup/freshDatabase';
import { temporaryFolder } from '#test/setup/temporaryFolder';

const ADMIN = 'tWo-ReLeAsEs-9f8e7d6c5b4a39281706';
const MODEL = 'libs/projections/src/activity/model.ts';

/** A build of this release with one more column in a read model, in a folder of its own: what the next release is to this one. */
async function buildOfNextRelease(folder: string): Promise<string> {
  const sources = ['apps', 'libs', 'test', 'scripts', '.swcrc', 'package.json', 'package-lock.json', 'nest-cli.json'];
  // The page of the dashboard is kept from this build.
  for (const part of ['dist', ...sources]) cpSync(join(packageRoot, part), join(folder, part), { recursive: true });
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, MODEL);
  const code = readFileSync(path, 'utf8');
  const changed = code
    .replace('note: optional(text)', "note: optional(text), next: withDefault(bigint, '0')")
    .replace('import { bigint', 'import { withDefault, bigint');
  expect(changed).toHaveLength(code.length + ", next: withDefault(bigint, '0')".length + 'withDefault, '.length);
  writeFileSync(path, changed);
  await promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: folder });
  return folder;
}

/** Events one of which can never be applied: it moves units of an order that nobody placed. */
function standingStill(ledger: string, sequence: number): LedgerEvent[] {
  const place = { owner: 'a', custodian: 'b', stage: 'held' } as const;
  const move = { item: 'H100', order: 'PO-NONE', line: '1', quantity: 1, from: place, to: place };
  return [...manyEvents(sequence + 5, 5)].map((event) => {
    const data = event.sequence === sequence ? { ...event.data, moves: [move] } : event.data;
    return { ...event, ledger, data } as LedgerEvent;
  });
}

/** A process of a release, on the database of both. */
class Release {
  #child: ChildProcess | undefined;

  constructor(
    readonly name: string,
    private readonly root: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(this.root, 'dist/apps/cli/src/main.js'), 'up'], {
      env: { ...process.env, NODE_OPTIONS: '', KAFKA_BROKERS: '', LADING_ADMIN_KEY: ADMIN, ...this.env },
      stdio: 'ignore',
    });
    this.#child = child;
    await eventually(async () => {
      expect([this.name, child.exitCode]).toEqual([this.name, null]);
      expect((await this.get('/health/live')).status).toBe(200);
    });
  }

  get runs(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.runs) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  readonly get = (path: string) => this.#ask(path, {});

  submit(party: string) {
    const data = { party, name: party, roles: ['customer'] };
    const event = { id: party, source: 'urn:test', type: 'lading.party.registered.v1', data };
    const type = 'application/cloudevents+json';
    return this.#ask('/v1/ledgers/well/events', {
      method: 'POST',
      headers: { 'content-type': type },
      body: JSON.stringify({ specversion: '1.0', time: '2024-01-01T00:00:00Z', ...event }),
    });
  }

  open() {
    const headers = { 'content-type': 'application/json' };
    return this.#ask('/v1/ledgers/well', {
      method: 'PUT',
      headers,
      body: JSON.stringify({ name: 'Well', keeper: 'nvidia' }),
    });
  }

  async #ask(path: string, { headers, ...init }: RequestInit) {
    const answer = await fetch(`http://127.0.0.1:${this.env.LADING_PORT}${path}`, {
      ...init,
      headers: { ...(headers as Record<string, string>), authorization: `Bearer ${ADMIN}` },
    });
    const text = await answer.text();
    return { status: answer.status, body: JSON.parse(text || '{}') as { data: StatusRow[] } };
  }
}

describe('two releases with different read models on one database', () => {
  let folder: string;
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let pool: pg.Pool;
  let [older, newer] = [] as unknown as [Release, Release];

  beforeAll(async () => {
    await ensureBuild();
    folder = await temporaryFolder('releases');
    database = await freshDatabase();
    pool = createPool(database.url);
    const settings = async (name: string) => ({
      DATABASE_URL: database.url,
      LADING_DATA: join(folder, `data-${name}`),
      LADING_PORT: String(await freePort()),
    });
    older = new Release('older', packageRoot, await settings('older'));
    newer = new Release('newer', await buildOfNextRelease(join(folder, 'newer')), await settings('newer'));
  });
  afterAll(async () => {
    await Promise.all([older.stop(), newer.stop()]);
    await pool.end();
    await database.drop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  let sent = 0;
  /** Events are taken, shown in the version that answers, and the ledger that stands still is said: by each of them. */
  async function serve(releases: readonly Release[], version: number): Promise<void> {
    for (const release of releases) {
      expect([release.name, release.runs]).toEqual([release.name, true]);
      const party = `p${++sent}`;
      expect((await release.submit(party)).status).toBe(201);
      for (const { name, get } of releases) {
        await eventually(async () => {
          expect([name, (await get(`/v1/ledgers/well/parties/${party}`)).status]).toEqual([name, 200]);
        });
      }
    }
    for (const { name, get } of releases) {
      await eventually(async () => {
        const { data } = (await get('/v1/status')).body;
        const of = (ledger: string) => data.find((row) => row.ledger === ledger && row.version === version);
        expect([name, of('stuck')]).toMatchObject([
          name,
          { state: 'parked', sequence: 14, reason: expect.stringMatching('PO-NONE') },
        ]);
        expect([name, of('well')]).toMatchObject([name, { state: 'live' }]);
      });
    }
  }
  /** Which of them feeds the version that answers; the other one says that it is over for it. */
  const feeds = (release: Release, ready: 200 | 503) =>
    eventually(async () => {
      expect([release.name, (await release.get('/health/ready')).status]).toEqual([release.name, ready]);
    });

  it('both take events, answer them, and say which ledger stands still, whichever of them starts or is started again', async () => {
    await older.start();
    await older.open();
    await append(pool, published(standingStill('stuck', 15)));
    await serve([older], 1);
    await newer.start();
    await feeds(older, 503);
    await serve([older, newer], 2);
    await newer.restart();
    await feeds(newer, 200);
    await serve([older, newer], 2);
    // Whoever starts it again means it: as when a release is taken back.
    await older.restart();
    await feeds(newer, 503);
    await serve([older, newer], 3);
    await feeds(older, 200);
  });
});
