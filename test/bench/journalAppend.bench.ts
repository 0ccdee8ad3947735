import { rm } from 'node:fs/promises';
import type pg from 'pg';
import { parseSubmission } from '#intake/parseSubmission';
import { Journal } from '#journal/journal';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import type { Submission } from '#journal/submission';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { type Figure, shareOf } from './figure.ts';
import { temporaryFolder } from '#test/setup/temporaryFolder';

export const name = 'journal-append';

const LEDGER = 'bench';
/** A ledger that says that its tree is larger than it is: so nothing is added to that. */
const TREELESS = 'treeless';
const IN_FLIGHT = 64;
const PER_ROUND = 2_000;
/** Turns of both, one after the other, and the median of each: what else the machine does then meets both alike. */
const ROUNDS = 21;

/**
 * Appending with 64 commands in flight on one ledger, every answer after its COMMIT, against inserting the same rows by
 * plain `unnest` statements of 200, one transaction each: the same tables and indexes, the same PostgreSQL with fsync on. And
 * against appending to a ledger whose tree does not grow.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-journal');
  const cluster = await startCluster({ dataDir: folder });
  try {
    await migrate(cluster.url, journalMigrations);
    const pool = createPool(cluster.url, { pipeline: true });
    const journal = new Journal(pool);
    for (const ledger of [LEDGER, TREELESS]) {
      await journal.open(ledger, { name: 'Bench', keeper: 'nvidia' }, 'bench');
      await inFlight(journal, ledger, cast());
    }
    await pool.query('UPDATE journal.ledgers SET tree_size = $2, tree = $3 WHERE ledger = $1', [
      TREELESS,
      2 ** 52,
      Buffer.alloc(32),
    ]);
    for (const ledger of [LEDGER, TREELESS]) await inFlight(journal, ledger, orders('warm', 2_000));

    await pool.query('CREATE SCHEMA plain');
    for (const table of ['events', 'event_entities']) {
      await pool.query(`CREATE TABLE plain.${table} (LIKE journal.${table} INCLUDING ALL)`);
    }
    const appending: number[] = [];
    const inserting: number[] = [];
    const treeless: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const submissions = orders(`r${round}`, PER_ROUND);
      const both: [string, number[]][] = [
        [LEDGER, appending],
        [TREELESS, treeless],
      ];
      // Each is the first one every other time.
      for (const [ledger, times] of round % 2 === 0 ? both : both.reverse())
        times.push(await seconds(() => inFlight(journal, ledger, submissions)));
      const batches = await rowsOfLast(pool, PER_ROUND);
      inserting.push(await seconds(() => insertPlainly(pool, batches)));
    }
    await journal.close();
    await pool.end();

    const rate = (times: number[]) => Math.round(PER_ROUND / median(times));
    return [
      shareOf('journal append, 64 in flight', 'events/s', rate(appending), rate(inserting), 0.6),
      shareOf('journal append, beside one without the tree', 'events/s', rate(appending), rate(treeless), 0.9),
    ];
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Every submitter waits for its answer before it sends the next. */
async function inFlight(journal: Journal, ledger: string, submissions: readonly Submission[]): Promise<void> {
  let next = 0;
  const submitter = async () => {
    for (let submission = submissions[next++]; submission !== undefined; submission = submissions[next++]) {
      const { status } = await journal.submit(ledger, submission);
      if (status !== 'recorded') throw new Error(`an event of the bench was ${status}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, submitter));
}

const cast = () =>
  (
    [
      ['lading.party.registered.v1', { party: 'nvidia', name: 'NVIDIA', roles: ['supplier'] }],
      ['lading.party.registered.v1', { party: 'tesla', name: 'Tesla, Inc.', roles: ['customer'] }],
      ['lading.item.registered.v1', { item: 'H100', name: 'H100 80 GB', maker: 'nvidia', tracking: 'quantity' }],
    ] as const
  ).map(([type, data], n) => submitted(`cast-${n}`, type, data));

/** Orders of one line, each new: about 900 bytes an event with what the ledger adds. */
const orders = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) =>
    submitted(`${prefix}-${n}`, 'lading.order.placed.v1', {
      order: `PO-${prefix}-${n}`,
      buyer: 'tesla',
      supplier: 'nvidia',
      lines: [{ line: '1', item: 'H100', quantity: 8, window: { from: '2023-12-01', to: '2023-12-31' } }],
    }),
  );

function submitted(id: string, type: string, data: unknown): Submission {
  const parsed = parseSubmission({
    specversion: '1.0',
    id,
    source: 'urn:bench:erp',
    type,
    time: '2023-12-01T09:30:00Z',
    data,
  });
  if (!parsed.ok) throw new Error(parsed.refusal.detail);
  return { event: parsed.event, hash: parsed.hash, actor: 'bench' };
}

type Columns = Record<'events' | 'streams', unknown[][]>;

/** The last rows that the journal wrote, as the columns of statements of 200. */
async function rowsOfLast(pool: pg.Pool, count: number): Promise<Columns[]> {
  const columnsOf = async (sql: string) => {
    const { rows } = await pool.query<unknown[]>({ text: sql, values: [LEDGER, count], rowMode: 'array' });
    return rows;
  };
  const events = await columnsOf(
    `SELECT ledger, sequence, occurred::text, recorded::text, source, id, type, subject, request_hash, leaf_hash, bytes
       FROM journal.events WHERE ledger = $1 ORDER BY sequence DESC LIMIT $2`,
  );
  const streams = await columnsOf(
    `SELECT ledger, entity, sequence FROM journal.event_entities WHERE ledger = $1 ORDER BY sequence DESC LIMIT $2`,
  );
  const batches: Columns[] = [];
  for (let from = count; from > 0; from -= 200) {
    const slice = (rows: unknown[][]) => transposed(rows.slice(Math.max(0, from - 200), from).reverse());
    batches.push({ events: slice(events), streams: slice(streams) });
  }
  return batches;
}

const transposed = (rows: unknown[][]): unknown[][] =>
  (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));

const PLAIN_EVENTS = `
  INSERT INTO plain.events
         (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
                       $8::text[], $9::bytea[], $10::bytea[], $11::bytea[])`;
const PLAIN_STREAMS = `
  INSERT INTO plain.event_entities (ledger, entity, sequence) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])`;

async function insertPlainly(pool: pg.Pool, batches: readonly Columns[]): Promise<void> {
  const client = await pool.connect();
  for (const { events, streams } of batches) {
    await client.query('BEGIN');
    await client.query({ name: 'plain-events', text: PLAIN_EVENTS, values: events });
    await client.query({ name: 'plain-streams', text: PLAIN_STREAMS, values: streams });
    await client.query('COMMIT');
  }
  client.release();
}
