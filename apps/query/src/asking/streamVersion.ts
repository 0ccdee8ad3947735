import type { EntityKey } from '#ledger/entity';
import type { ReadModel } from '#projections/reading/readModel';

/**
 * The sequence of the last event of an entity's stream among those that the read models know: what `If-Match` is held
 * against. A later one is left out on purpose. The answer does not show it, and whoever acts on the answer has to be told.
 */
export async function streamVersion(
  { db, ledger, sequence }: ReadModel,
  entity: EntityKey,
): Promise<number | undefined> {
  const { rows } = await db.query<{ version: number | null }>(
    `SELECT max(sequence) AS version FROM journal.event_entities WHERE ledger = $1 AND entity = $2 AND sequence <= $3`,
    [ledger, entity, sequence],
  );
  return rows[0]?.version ?? undefined;
}
