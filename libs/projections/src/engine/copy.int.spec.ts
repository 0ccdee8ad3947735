import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { transaction } from '#platform/database/transaction';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { PipelinedConnection } from './pipelinedConnection.ts';
import { bigint, bigints, bool, day, farMoment, id, moment, optional, Table, text, texts } from './table.ts';

const kept = new Table('kept', {
  columns: {
    n: bigint,
    name: id,
    note: optional(text),
    day,
    at: moment,
    tags: texts,
    numbers: bigints,
    open: bool,
  },
  key: ['n'],
});
const far = new Table('far', { columns: { n: bigint, at: farMoment }, key: ['n'] });

interface Row {
  readonly n: number;
  readonly name: string;
  readonly note: string | null;
  readonly at: number;
}

const insert = kept.insert<Row>({
  n: ({ n }) => n,
  name: ({ name }) => name,
  note: ({ note }) => note,
  day: ({ n }) => (n % 2 === 0 ? '0000-12-31' : '2023-12-31'),
  at: ({ at }) => at,
  tags: ({ name, note }) => [name, note ?? 'NULL'],
  numbers: ({ n }) => [n, -n],
  open: ({ n }) => n % 3 === 0,
});
const insertFar = far.insert<Row>({ n: ({ n }) => n, at: ({ at }) => String(at) });

const NAMES = [
  'a',
  '',
  '\\',
  '\\N',
  '\\.',
  'tab\there',
  'two\nlines',
  'two\rlines',
  '"quoted"',
  '{a,b}',
  'NULL',
  'ü…🙂',
  'nul\0',
];
const AT_BEST = Date.UTC(2023, 11, 31, 23, 59, 59) * 1_000 + 123_456;
const MOMENTS = [
  AT_BEST,
  AT_BEST - 456,
  0,
  -1,
  Date.UTC(1900, 0, 1) * 1_000,
  Date.UTC(1, 0, 1) * 1_000,
  Date.UTC(9998, 0, 1) * 1_000,
];
const rows = Array.from({ length: 2_500 }, (_, n) => ({
  n,
  name: NAMES[n % NAMES.length] ?? '',
  note: n % 5 === 0 ? null : (NAMES[(n * 7) % NAMES.length] ?? null),
  // Of the last five hundred some cannot be copied.
  at: MOMENTS[n < 2_000 ? n % 5 : n % MOMENTS.length] ?? 0,
}));

describe('rows that are copied', () => {
  let db: FreshReadModels;
  const pools: pg.Pool[] = [];
  beforeAll(async () => {
    db = await freshReadModels('nvidia');
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await db.drop();
  });
  const inTables = <T>(pipeline: boolean, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const pool = createPool(db.url, { pipeline });
    pools.push(pool);
    const made = [kept, far].map(({ ddl }) => ddl.replaceAll('CREATE TABLE', 'CREATE TEMP TABLE')).join('\n');
    return transaction(pool, work, made);
  };
  const textsOf = async (client: pg.ClientBase): Promise<string[]> =>
    (
      await client.query<{ row: string }>(
        'SELECT k::text AS row FROM kept k UNION ALL SELECT f::text FROM far f ORDER BY 1',
      )
    ).rows.map(({ row }) => row);

  it.each([true, false])(
    'they are what rows out of arrays are, whatever is in them (pipelined: %s)',
    async (pipeline) => {
      const inserted = await inTables(pipeline, async (client) => {
        await insert(client, 'nvi\tdia', rows);
        await insertFar(client, 'nvidia', rows);
        return textsOf(client);
      });
      const copied = await inTables(pipeline, async (client) => {
        const texts: string[] = [];
        const connection = new PipelinedConnection(client);
        const noting = {
          query: connection.query,
          copy: (sql: string, lines: string) => (texts.push(sql), connection.copy(sql, lines)),
        };
        await insert(noting, 'nvi\tdia', rows);
        await insertFar(noting, 'nvidia', rows);
        expect(texts).toEqual(Array(2).fill(expect.stringMatching(/^COPY kept \(/)));
        return textsOf(client);
      });
      expect(copied).toEqual(inserted);
      expect(copied).toHaveLength(2 * rows.length);
    },
  );

  it.each([true, false])(
    'a COPY that fails is what the statements after it fail of (pipelined: %s)',
    async (pipeline) => {
      const failed: string[] = [];
      const work = inTables(pipeline, async (client) => {
        const connection = new PipelinedConnection(client);
        await insert(connection, 'nvidia', rows.slice(0, 200));
        const asked = [
          connection.query('SELECT 1'),
          insert(connection, 'nvidia', rows.slice(199, 400)),
          connection.query('SELECT 2'),
          insert(connection, 'nvidia', rows.slice(400, 600)),
        ];
        const ends = await Promise.allSettled(asked);
        failed.push(...ends.map((end) => (end.status === 'rejected' ? (end.reason as Error).message : 'done')));
        throw new Error('rolled back');
      });
      await expect(work).rejects.toThrow('rolled back');
      const twice = expect.stringMatching(/duplicate key/);
      expect(failed).toEqual(['done', twice, twice, twice]);
      expect((await pools.at(-1)?.query('SELECT 3 AS three'))?.rows).toEqual([{ three: 3 }]);
    },
  );
});
