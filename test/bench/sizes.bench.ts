import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type pg from 'pg';
import { renderTable } from '#apps/cli/src/table';
import { Relay } from '#apps/relay/src/relay';
import { eventText } from '#contracts/cloudEvent';
import { JournalFeed } from '#feed/journal';
import { feedMigrations } from '#feed/migrations/feedMigrations';
import { importEvents } from '#journal/importing';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { CompactRange, leafHash, nodeHash } from '#proofs/compactRange';
import { rebuild } from '#projections/versions/rebuild';
import { schemaOfVersion } from '#projections/versions/versions';
import { startBroker } from '#servers/kafka/broker.mjs';
import { kafkaMissing } from '#servers/kafka/kafkaMissing.mjs';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { below, type Figure } from './figure.ts';

export const name = 'sizes';

const EVENTS = Number(process.env.LADING_BENCH_EVENTS ?? 60_000);
/** Leaves of the tree that is made without events. */
const LEAVES = Number(process.env.LADING_BENCH_LEAVES ?? 1_000_000);
/** Events that are taken in by one transaction, and of these so many that were recorded at one moment. */
const BATCH = 1_000;
const TOGETHER = 20;
/** Events of an entry bundle. */
const BUNDLE = 256;

/** What a relation takes, a table without its indexes or an index. */
interface Size {
  readonly schema: string;
  readonly relation: string;
  readonly index: boolean;
  readonly bytes: number;
  readonly rows: number;
}

/**
 * What an event takes, in bytes: in each table and index of the journal and of the read models, on Kafka, and in a file of entries. The
 * events go in as an import takes them, at first half of them, then the other half: what the second half adds is what an event takes,
 * since parties, items and empty pages are there by then. `docs/scale.md` has what came of it.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-sizes');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  try {
    await migrate(cluster.url, projectionMigrations);
    await migrate(cluster.url, feedMigrations);
    const pool = createPool(cluster.url, { timeouts: { statement: 0 } });
    const events = bytesOf(EVENTS);
    const half = EVENTS / 2;
    await takeIn(pool, events.slice(0, half), 1);
    const before = await sizes(pool, await built(pool, cluster.url));
    await takeIn(pool, events.slice(half), half + 1);
    const version = await built(pool, cluster.url);
    const after = await sizes(pool, version);
    const onKafka = kafkaMissing() === null ? await kafkaBytes(pool, cluster.url, folder) : undefined;
    await pool.end();
    return [...figuresOf(before, after, events, onKafka), ...treeFigures()];
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Some of them were recorded at one moment each, as a batch is. */
function bytesOf(count: number): Buffer[] {
  const all: Buffer[] = [];
  let recordedtime = '';
  for (const event of manyEvents(count)) {
    if (all.length % TOGETHER === 0) ({ recordedtime } = event);
    all.push(Buffer.from(eventText({ ...event, recordedtime })));
  }
  return all;
}

async function takeIn(pool: pg.Pool, events: readonly Buffer[], first: number): Promise<void> {
  const client = await pool.connect();
  await client.query('SET synchronous_commit TO local');
  for (let at = 0; at < events.length; at += BATCH)
    await importEvents(client, LEDGER, first + at, events.slice(at, at + BATCH));
  client.release(true);
}

/** @returns the version of the read models that has all events of the journal */
async function built(pool: pg.Pool, url: string): Promise<number> {
  const feeds = [() => new JournalFeed({ pool, url, batch: 2_000 })];
  return (await rebuild({ pool, patience: 0, feeds })).version;
}

/** Of everything that an event may add to: the smallest relations, which are of no account, too. */
async function sizes(pool: pg.Pool, version: number): Promise<Size[]> {
  const readModels = schemaOfVersion(version);
  await pool.query('VACUUM ANALYZE');
  const { rows } = await pool.query<Size>(
    `SELECT CASE n.nspname WHEN $1 THEN 'read models' ELSE n.nspname END AS schema, c.relname AS relation, c.relkind = 'i' AS index,
       pg_relation_size(c.oid) + coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) AS bytes, c.reltuples::bigint AS rows
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('journal', $1) AND c.relkind IN ('r', 'i') ORDER BY n.nspname, c.relname`,
    [readModels],
  );
  return rows;
}

/** What all events take on one partition, with its indexes. */
async function kafkaBytes(pool: pg.Pool, url: string, folder: string): Promise<number> {
  const broker = await startBroker({ dataDir: join(folder, 'kafka') });
  const topic = { topic: 'bench', partitions: 1 };
  const relay = new Relay({ url, pool, brokers: [broker.brokers], clientId: 'bench', topic });
  const running = relay.run();
  const sql = 'SELECT sequence FROM feed.relay_cursors WHERE ledger = $1';
  while (((await pool.query<{ sequence: number }>(sql, [LEDGER])).rows[0]?.sequence ?? 0) < EVENTS) await sleep(100);
  await relay.stop();
  await running;
  // Stopped in order, the broker cuts its indexes down to what is in them.
  await broker.stop();
  const partition = join(folder, 'kafka', 'data', 'bench-0');
  const files = await Promise.all((await readdir(partition)).map((file) => stat(join(partition, file))));
  return files.reduce((sum, { size }) => sum + size, 0);
}

function figuresOf(
  before: readonly Size[],
  after: readonly Size[],
  events: readonly Buffer[],
  onKafka: number | undefined,
): Figure[] {
  const half = events.length / 2;
  const were = new Map(before.map((size) => [`${size.schema} ${size.relation}`, size]));
  const grown = after.map((size) => {
    const was = were.get(`${size.schema} ${size.relation}`);
    return { ...size, bytes: (size.bytes - (was?.bytes ?? 0)) / half, rows: (size.rows - (was?.rows ?? 0)) / half };
  });
  console.log(
    renderTable(
      grown.filter(({ bytes }) => bytes >= 0.5).sort((a, b) => (a.schema === b.schema ? b.bytes - a.bytes : 0)),
      [
        { title: '', value: ({ schema }) => schema },
        { title: 'relation', value: ({ relation }) => relation },
        { title: '', value: ({ index }) => (index ? 'index' : 'table') },
        { title: 'rows an event', value: ({ rows }) => rows.toFixed(2), align: 'right' },
        { title: 'bytes an event', value: ({ bytes }) => bytes.toFixed(0), align: 'right' },
        {
          title: 'bytes a row',
          value: ({ bytes, rows }) => (rows > 0 ? (bytes / rows).toFixed(0) : ''),
          align: 'right',
        },
      ],
    ),
  );
  const sum = (schema: string, index: boolean) =>
    Math.round(grown.reduce((total, one) => total + (one.schema === schema && one.index === index ? one.bytes : 0), 0));
  const raw = events.reduce((total, { length }) => total + length, 0) / events.length;
  return [
    below('an event, its own bytes', 'bytes', Math.round(raw), 1_500),
    below('journal, tables', 'bytes/event', sum('journal', false), 2_000),
    below('journal, indexes', 'bytes/event', sum('journal', true), 1_500),
    below('read models, tables', 'bytes/event', sum('read models', false), 2_500),
    below('read models, indexes', 'bytes/event', sum('read models', true), 2_500),
    below('entry bundles, compressed by gzip', 'bytes/event', Math.round(compressed(events)), 600),
    ...(onKafka === undefined ? [] : [below('Kafka, one replica', 'bytes/event', Math.round(onKafka / EVENTS), 2_000)]),
  ];
}

/** Each of 256 events, as they are served. */
function compressed(events: readonly Buffer[]): number {
  let bytes = 0;
  for (let from = 0; from < events.length; from += BUNDLE)
    bytes += gzipSync(Buffer.concat(events.slice(from, from + BUNDLE))).length;
  return bytes / events.length;
}

/**
 * A tree of many leaves, all alike: so a full subtree of 2^n leaves is the hash of two of half its size, and what the code of the append comes
 * to is known beforehand. And what a leaf takes of a tree of a billion.
 */
function treeFigures(): Figure[] {
  const leaf = leafHash(Buffer.from('an event'));
  const full = [leaf];
  for (let level = 1; level < 53; level++) full.push(nodeHash(full[level - 1] ?? leaf, full[level - 1] ?? leaf));
  const expected = (size: number) =>
    Array.from(size.toString(2)).flatMap((one, at, { length }) => (one === '1' ? [full[length - 1 - at] ?? leaf] : []));

  const grown = CompactRange.of(0, []);
  const small = perLeaf(grown, leaf, LEAVES);
  if (!Buffer.concat(expected(LEAVES)).equals(grown.toBytes())) throw new Error(`a tree of ${LEAVES} leaves is wrong`);
  const billion = 1_000_000_000;
  const large = perLeaf(CompactRange.of(billion, expected(billion)), leaf, 1_000_000);
  return [
    below(`a leaf more, tree of up to ${LEAVES.toLocaleString('en')}`, 'µs CPU', small, 5),
    below('a leaf more, tree of 1,000,000,000', 'µs CPU', large, 5, small),
  ];
}

/** Microseconds of processor time for each leaf that is added. */
function perLeaf(range: CompactRange, leaf: Uint8Array, leaves: number): number {
  const before = process.cpuUsage();
  for (let n = 0; n < leaves; n++) range.append(leaf);
  const { user, system } = process.cpuUsage(before);
  return Math.round(((user + system) / leaves) * 100) / 100;
}
