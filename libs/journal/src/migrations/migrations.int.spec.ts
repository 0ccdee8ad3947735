import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { freshDatabase } from '#test/setup/freshDatabase';
import { journalMigrations } from './journalMigrations.ts';

describe('the journal’s migrations', () => {
  let url: string;
  let pool: pg.Pool;
  beforeAll(async () => {
    url = (await freshDatabase()).url;
    pool = createPool(url);
    await migrate(url, journalMigrations);
  });
  afterAll(() => pool.end());

  /** Tables, columns, constraints and indexes of the schema, as PostgreSQL writes them. */
  async function schema(): Promise<string[]> {
    const { rows } = await pool.query<{ line: string }>(`
      SELECT format('column %s.%s %s %s %s %s', table_name, column_name, ordinal_position, data_type, is_nullable, collation_name) AS line
        FROM information_schema.columns WHERE table_schema = 'journal'
      UNION ALL
      SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = to_regnamespace('journal')
      UNION ALL
      SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'journal'
      UNION ALL
      SELECT format('storage %s %s', relname, reloptions) FROM pg_class WHERE relnamespace = to_regnamespace('journal')
      ORDER BY line`);
    return rows.map(({ line }) => line);
  }

  it('every primary key and every index begins with the ledger, so that ledgers can be spread over databases', async () => {
    const indexes = (await schema()).filter((line) => line.startsWith('index'));
    expect(indexes.length).toBeGreaterThan(7);
    for (const index of indexes) expect(index).toMatch(/USING btree \(ledger[,)]/);
    expect((await schema()).filter((line) => line.includes('FOREIGN KEY'))).toEqual([]);
  });
});
