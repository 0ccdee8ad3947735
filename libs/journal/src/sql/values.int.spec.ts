import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { freshDatabase } from '#test/setup/freshDatabase';
import { intArray, textArray } from './values.ts';

describe('arrays as text', () => {
  let pool: pg.Pool;
  beforeAll(async () => {
    pool = createPool((await freshDatabase()).url);
  });
  afterAll(() => pool.end());

  it.each([
    [[]],
    [['plain', 'PO-1', 'urn:nvidia:erp']],
    [['', ' ', 'NULL', 'null', '{', '}', ',', '{a,b}']],
    [['"', '\\', '\\"', 'a","b', '","', "it's", '$1', 'tab\tnew\nline']],
    [['ünïcödé', '東京', '🚚', '\u2028']],
  ])('the texts of an array arrive in PostgreSQL as they were: %j', async (values) => {
    const { rows } = await pool.query<{ values: string[] }>('SELECT $1::text[] AS values', [textArray(values)]);
    expect(rows[0]!.values).toEqual(values);
  });

  it('the whole numbers of an array arrive in PostgreSQL as they were', async () => {
    const { rows } = await pool.query<{ sum: number }>('SELECT sum(n)::bigint AS sum FROM unnest($1::bigint[]) AS n', [
      intArray([1, 9_007_199_254_740_000, -5]),
    ]);
    expect(rows[0]!.sum).toBe(9_007_199_254_739_996);
  });
});
