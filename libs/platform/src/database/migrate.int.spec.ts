import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueryRunner } from 'typeorm';
import type pg from 'pg';
import { freshDatabase } from '#test/setup/freshDatabase';
import { createPool } from './database.ts';
import { migrate } from './migrate.ts';

class MakeShelves1700000000001 {
  async up(runner: QueryRunner) {
    await runner.query('CREATE TABLE shelves (id int PRIMARY KEY)');
    // Long enough that every other process comes while this one works.
    await runner.query('SELECT pg_sleep(0.2)');
  }
}
class MakeBooks1700000000002 {
  async up(runner: QueryRunner) {
    await runner.query('CREATE TABLE books (id int PRIMARY KEY, shelf int NOT NULL REFERENCES shelves)');
  }
}
class BreaksHalfWay1700000000003 {
  async up(runner: QueryRunner) {
    await runner.query('CREATE TABLE half (id int)');
    await runner.query('SELECT 1 / 0');
  }
}

describe('migrations', () => {
  let url: string;
  let pool: pg.Pool;
  const tables = async () => {
    const { rows } = await pool.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename IN ('shelves', 'books', 'half') ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  };

  beforeAll(async () => {
    url = (await freshDatabase()).url;
    pool = createPool(url);
  });
  afterAll(() => pool.end());

  it('run once when eight processes start at the same moment', async () => {
    const runs = await Promise.all(
      Array.from({ length: 8 }, () => migrate(url, [MakeShelves1700000000001, MakeBooks1700000000002])),
    );
    expect(runs.flat()).toEqual(['MakeShelves1700000000001', 'MakeBooks1700000000002']);
    expect(await tables()).toEqual(['books', 'shelves']);
  });

  it('leave nothing of a migration that fails half-way', async () => {
    await expect(migrate(url, [BreaksHalfWay1700000000003])).rejects.toThrow(/division by zero/);
    expect(await tables()).toEqual(['books', 'shelves']);
  });
});
