import { rm } from 'node:fs/promises';
import type pg from 'pg';
import { Journal } from '#journal/journal';
import type { JournalObserver } from '#journal/journalOptions';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import type { Submission } from '#journal/submission';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { inFlight, LEDGER, orderOf, submitted, submittedCast } from './benchLedger.ts';
import { type Figure, shareOf } from './figure.ts';
import { median } from './percentile.ts';
import { temporaryFolder } from '#test/setup/temporaryFolder';

export const name = 'journal-append';

/** A ledger that says that its tree is larger than it is: so nothing is added to that. */
const TREELESS = 'treeless';
/** How many commands are in flight, and the share of plain inserts that is to be reached. */
const FLIGHTS = [
  [64, 0.75],
  [256, 0.9],
] as const;
const PER_ROUND = 2_000;
/** Turns of all, one after the other, and the median of each: what else the machine does then meets all alike. */
const ROUNDS = 21;

/**
 * Appending with 64 and with 256 commands in flight on one ledger, every answer after its COMMIT, against inserting the same rows by
 * plain `unnest` statements in the same batches, one transaction each: the same tables and indexes, the same PostgreSQL with fsync on. And
 * against appending to a ledger whose tree does not grow.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-journal');
  const cluster = await startCluster({ dataDir: folder });
  try {
    await migrate(cluster.url, journalMigrations);
    const pool = createPool(cluster.url, { pipeline: true });
    /** Events of each batch of the last round. */
    let batches: number[] = [];
    const batch: JournalObserver['batch'] = ({ ledger, events }) => {
      if (ledger === LEDGER) batches.push(events);
    };
    const journal = new Journal(pool, { observer: { batch } });
    for (const ledger of [LEDGER, TREELESS]) {
      await journal.open(ledger, { name: 'Bench', keeper: 'nvidia' }, 'bench');
      await append(journal, ledger, submittedCast(), 64);
    }
    await pool.query('UPDATE journal.ledgers SET tree_size = $2, tree = $3 WHERE ledger = $1', [
      TREELESS,
      2 ** 52,
      Buffer.alloc(32),
    ]);
    for (const ledger of [LEDGER, TREELESS]) await append(journal, ledger, orders('warm', 2_000), 64);

    await pool.query('CREATE SCHEMA plain');
    for (const table of ['events', 'event_entities']) {
      await pool.query(`CREATE TABLE plain.${table} (LIKE journal.${table} INCLUDING ALL)`);
    }
    const figures: Figure[] = [];
    for (const [count, share] of FLIGHTS) {
      const appending: number[] = [];
      const inserting: number[] = [];
      const treeless: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const submissions = orders(`r${count}-${round}`, PER_ROUND);
        const both: [string, number[]][] = [
          [LEDGER, appending],
          [TREELESS, treeless],
        ];
        batches = [];
        // Each is the first one every other time.
        for (const [ledger, times] of round % 2 === 0 ? both : both.reverse())
          times.push(await seconds(() => append(journal, ledger, submissions, count)));
        const rows = await rowsOf(pool, batches);
        inserting.push(await seconds(() => insertPlainly(pool, rows)));
      }
      const what = `journal append, ${count} in flight`;
      figures.push(
        shareOf(what, 'events/s', rate(appending), rate(inserting), share),
        shareOf(`${what}, beside one without the tree`, 'events/s', rate(appending), rate(treeless), 0.9),
      );
    }
    await journal.close();
    await pool.end();
    return figures;
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const rate = (times: readonly number[]): number => Math.round(PER_ROUND / median(times));

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Every answer comes after its COMMIT. */
const append = (journal: Journal, ledger: string, submissions: readonly Submission[], count: number): Promise<void> =>
  inFlight(count, submissions, async (submission) => {
    const { status } = await journal.submit(ledger, submission);
    if (status !== 'recorded') throw new Error(`an event of the bench was ${status}`);
  });

/** Orders of one line, each new: about 900 bytes an event with what the ledger adds. */
const orders = (prefix: string, count: number): Submission[] =>
  Array.from({ length: count }, (_, n) =>
    submitted(`${prefix}-${n}`, 'lading.order.placed.v1', orderOf(`${prefix}-${n}`)),
  );

type Columns = Record<'events' | 'streams', unknown[][]>;

/** The rows of the last batches that the journal wrote, each as the columns of its statements. */
async function rowsOf(pool: pg.Pool, batches: readonly number[]): Promise<Columns[]> {
  const written = batches.reduce((sum, events) => sum + events, 0);
  const { rows: heads } = await pool.query<{ sequence: number }>(
    'SELECT sequence FROM journal.ledgers WHERE ledger = $1',
    [LEDGER],
  );
  let first = (heads[0]?.sequence ?? 0) - written;
  const found: Columns[] = [];
  for (const events of batches) {
    const columnsOf = async (sql: string) => {
      const values = [LEDGER, first, first + events];
      const { rows } = await pool.query<unknown[]>({
        text: `${sql} WHERE ledger = $1 AND sequence > $2 AND sequence <= $3`,
        values,
        rowMode: 'array',
      });
      return transposed(rows);
    };
    found.push({
      events: await columnsOf(
        `SELECT ledger, sequence, occurred::text, recorded::text, source, id, type, subject, request_hash, leaf_hash, bytes FROM journal.events`,
      ),
      streams: await columnsOf('SELECT ledger, entity, sequence FROM journal.event_entities'),
    });
    first += events;
  }
  return found;
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
