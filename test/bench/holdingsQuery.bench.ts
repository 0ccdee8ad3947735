import pg from 'pg';
import { createPool } from '#platform/database/database';
import { ReadModels } from '#projections/readModels';
import { ensureActive } from '#projections/versions/versions';
import { append } from '#test/feed/seedJournal';
import { fed } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { published } from '#test/projections/published';
import { atMost, below, type Figure } from './figure.ts';
import { percentile } from './percentile.ts';
import { milliseconds, onQueryService } from './queryService.ts';

export const name = 'holdings-query';

const POSTINGS = 1_000_000;
/** Questions and yardstick in turns, so that whatever else the machine does meets all of them. */
const TURNS = 5;
const QUESTIONS = 400;
const ITEMS = ['H100', 'H200', 'B200', 'D1'];

const ASKED: Readonly<Record<string, (n: number) => string>> = {
  'holdings of a party, by item and stage': (n) => `holdings?owner=buyer-${(n * 37) % 200}&groupBy=item,stage`,
  'holdings of a party, 100 accounts': (n) => `holdings?owner=buyer-${(n * 37) % 200}&limit=100`,
  'the queue of an item, 100 places': (n) => `items/${ITEMS[n % ITEMS.length] ?? ''}/queue?limit=100`,
  'an order': (n) => `orders/PO-${(n * 7_919) % 100_000}`,
};

/** What is rare, or not there at all: without a way to it the whole ledger is looked through. */
const RARE: Readonly<Record<string, string>> = {
  'what happened of a type that is rare': 'activity?type=lading.supply.committed.v1',
  'what happened of a type that never did': 'activity?type=lading.units.scrapped.v1',
  'what happened of a type that is rare, and concerned a party of all events':
    'activity?type=lading.supply.committed.v1&party=nvidia',
  'what happened to an order': 'activity?subject=order/PO-5',
  'what a source never said': 'activity?source=urn:nobody',
  'what happened to an item that there is not': 'activity?item=nothing',
  'the postings of a line that no order has': 'holdings/postings?line=99',
};

/**
 * Asks the whole query service, without a network, what a party holds, who waits for an item and what an order is, among a million postings:
 * routing, key, read model, checked answer. One yardstick is the same statements, sent by nobody but the driver: in one write, on one
 * connection that has planned them. The other asks the database for nothing (`SELECT 1`) in the same kind of transaction.
 */
export function run(): Promise<Figure[]> {
  return onQueryService(fill, async ({ ask, pool, url, filled: postings }) => {
    const among = `among ${(postings / 1e6).toFixed(2)} M postings`;
    const connection = createPool(url, { pipeline: true, max: 1 });
    const bare: number[] = [];
    const questions: Question[] = [];
    for (const [what, path] of Object.entries(ASKED))
      questions.push({ what, path, statements: await statementsOf(ask, path), took: [], sent: [] });
    for (let turn = 0; turn < TURNS; turn++) {
      bare.push(...(await milliseconds(QUESTIONS, () => nothing(pool))));
      for (const { path, statements, took, sent } of questions) {
        took.push(...(await milliseconds(QUESTIONS, (n) => ask(path(n + turn * QUESTIONS)))));
        sent.push(...(await milliseconds(QUESTIONS, (n) => send(connection, statements[n % statements.length]!))));
      }
    }
    await connection.end();
    const figures = questions.flatMap(({ what, took, sent }) =>
      ([0.5, 0.99] as const).flatMap((share) => {
        const name = `${what}, ${among}, p${share * 100}`;
        const of = (times: readonly number[]) => round(percentile(times, share));
        return [
          atMost(`${name}, beside its statements alone`, 'ms', of(took), of(sent), 3),
          atMost(`${name}, beside a transaction of nothing`, 'ms', of(took), of(bare), 3),
        ];
      }),
    );
    for (const [what, path] of Object.entries(RARE)) {
      const each = await milliseconds(100, () => ask(path));
      figures.push(below(`${what}, ${among}, p50`, 'ms', round(percentile(each, 0.5)), 10));
    }
    return figures;
  });
}

/** Applies events until there are a million postings. @returns how many there are */
async function fill(pool: pg.Pool): Promise<number> {
  const models = new ReadModels(pool, await ensureActive(pool));
  let postings = 0;
  let batch = [];
  for (const event of manyEvents(Infinity)) {
    if (event.sequence === 1) await append(pool, published([event]));
    batch.push(fed(event));
    postings += 'moves' in event.data ? 2 * (event.data.moves?.length ?? 0) : 0;
    if (batch.length < 4_000 && postings < POSTINGS) continue;
    const applied = await models.apply(LEDGER, batch);
    if (applied.outcome !== 'applied') throw new Error(JSON.stringify(applied));
    batch = [];
    if (postings >= POSTINGS) break;
  }
  return postings;
}

interface Question {
  readonly what: string;
  readonly path: (n: number) => string;
  readonly statements: readonly Sent[][];
  /** Milliseconds in the service, and of its statements alone. */
  readonly took: number[];
  readonly sent: number[];
}

/** What the service sends for each of some questions, from BEGIN to ROLLBACK. */
async function statementsOf(ask: (path: string) => Promise<void>, path: (n: number) => string): Promise<Sent[][]> {
  const all: Sent[][] = [];
  const query = pg.Client.prototype.query as (...asked: unknown[]) => unknown;
  for (let n = 0; n < 100; n++) {
    const sent: Sent[] = [];
    pg.Client.prototype.query = function (this: pg.Client, ...asked: [Partial<Sent>]) {
      const [{ name, text, values }] = asked;
      // That a key was used is written now and then, beside the question.
      if (text !== undefined && !text.includes('INSERT'))
        sent.push({ ...(name !== undefined && { name }), text, values });
      return query.apply(this, asked);
    } as never;
    await ask(path(n));
    // Before BEGIN it looks whether the key is still good.
    all.push(sent.slice(sent.findIndex(({ text }) => text.includes('BEGIN'))));
  }
  pg.Client.prototype.query = query as never;
  return all;
}

/** A statement as pg has it, whether it was asked with values or not. */
interface Sent {
  readonly name?: string;
  readonly text: string;
  readonly values: unknown[] | undefined;
}

async function send(pool: pg.Pool, statements: readonly Sent[]): Promise<void> {
  const client = await pool.connect();
  await Promise.all(statements.map((statement) => client.query(statement as pg.QueryConfig)));
  client.release();
}

async function nothing(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query('SELECT 1');
  await client.query('ROLLBACK');
  client.release();
}

const round = (milliseconds: number): number => Math.round(milliseconds * 100) / 100;
