import type { StatusRow } from '#contracts/statusRows';
import { consumerStatus } from '#feed/status';
import type { Db } from '../reading/readModel.ts';
import { schemaOfVersion } from './versions.ts';

/** No such table, or no such schema. */
const GONE = ['42P01', '3F000'];

/** How far each version of the read models is in every ledger of the journal; versions that answer no more are left out. */
export async function projectionStatus(db: Db): Promise<StatusRow[]> {
  const { rows: versions } = await db.query<{ version: number; state: string }>(
    `SELECT version, state FROM read_model_versions WHERE state <> 'retired' ORDER BY version`,
  );
  const all: StatusRow[] = [];
  for (const { version, state } of versions) {
    try {
      const rows = await consumerStatus(db, {
        consumer: 'projector',
        version,
        positions: `${schemaOfVersion(version)}.positions`,
        parks: true,
        moving: state === 'building' ? 'rebuilding' : undefined,
      });
      all.push(...rows);
    } catch (error) {
      // The version was dropped since it was listed.
      if (!GONE.includes((error as { code?: string }).code ?? '')) throw error;
    }
  }
  return all;
}
