import type pg from 'pg';
import { makeIndexesForQuestions, schemaOfVersion } from '#projections/versions/versions';

/**
 * Every row of every table of a version, as text, sorted: what "row for row the same" is judged by. Positions are left out. A version that
 * is filled still gets what it has to have before it may answer.
 */
export async function rowsOf(pool: pg.Pool, version: number): Promise<Record<string, string[]>> {
  await makeIndexesForQuestions(pool, version);
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 AND table_name <> 'positions' ORDER BY 1`,
    [schemaOfVersion(version)],
  );
  const found: Record<string, string[]> = {};
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(
      `SELECT t::text AS row FROM ${schemaOfVersion(version)}.${name} t ORDER BY t::text COLLATE "C"`,
    );
    found[name] = rows.map(({ row }) => row);
  }
  return found;
}
