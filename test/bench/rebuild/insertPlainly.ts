import type pg from 'pg';
import { arrayLiteral } from '#projections/engine/values';
import { schemaOfVersion } from '#projections/versions/versions';

const PER_STATEMENT = 2_000;
/** Rows of each table that are inserted; the time for all of them follows from it. */
const SAMPLE = 60_000;

/**
 * How long it takes, in seconds, to insert the rows of a version's tables, nothing else: `unnest` statements of 2,000, a transaction
 * each, into empty tables with the same indexes. Of big tables a part is inserted.
 */
export async function insertPlainly(pool: pg.Pool, version: number): Promise<number> {
  const schema = schemaOfVersion(version);
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1`,
    [schema],
  );
  await pool.query('CREATE SCHEMA bare');
  let seconds = 0;
  for (const { name } of tables) seconds += await insertTable(pool, schema, name);
  return seconds;
}

async function insertTable(pool: pg.Pool, schema: string, name: string): Promise<number> {
  const { rows: columns } = await pool.query<{ column: string; type: string }>(
    `SELECT quote_ident(attname) AS column, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`${schema}.${name}`],
  );
  const total = (await pool.query<{ count: number }>(`SELECT count(*) FROM ${schema}.${name}`)).rows[0]?.count ?? 0;
  const { rows } = await pool.query<(string | null)[]>({
    text: `SELECT ${columns.map(({ column }) => `${column}::text`).join(', ')} FROM ${schema}.${name} LIMIT ${SAMPLE}`,
    rowMode: 'array',
  });
  if (rows.length === 0) return 0;
  await pool.query(`CREATE TABLE bare.${name} (LIKE ${schema}.${name} INCLUDING ALL)`);
  const insert = `INSERT INTO bare.${name} SELECT ${columns.map(({ type }, i) => `t.c${i}::${type}`).join(', ')}
    FROM unnest(${columns.map((_, i) => `$${i + 1}::text[]`).join(', ')}) AS t (${columns.map((_, i) => `c${i}`).join(', ')})`;
  const client = await pool.connect();
  await client.query('SET synchronous_commit TO off');
  const started = performance.now();
  for (let at = 0; at < rows.length; at += PER_STATEMENT) {
    const slice = rows.slice(at, at + PER_STATEMENT);
    await client.query(
      insert,
      columns.map((_, i) => arrayLiteral(slice.map((row) => row[i] ?? null))),
    );
  }
  const seconds = (performance.now() - started) / 1_000;
  client.release(true);
  return (seconds * total) / rows.length;
}
