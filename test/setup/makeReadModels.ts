import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { ensureActive } from '#projections/versions/versions';

/** All tables, with those of the read models: for the template of a test's database. */
export async function makeReadModels(url: string): Promise<void> {
  await migrate(url, projectionMigrations);
  const pool = createPool(url);
  await ensureActive(pool);
  await pool.end();
}
