import type { Batch } from '../engine/batch.ts';
import { arrayLiteral, columns, overRows } from '../engine/columns.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { partiesTables } from './table.ts';

const UPSERT = `
  INSERT INTO parties
  SELECT $1, party, name, roles::text[], controlled_by::text[]
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS t (party, name, roles, controlled_by)
  ON CONFLICT (ledger, party) DO UPDATE SET name = excluded.name, roles = excluded.roles, controlled_by = excluded.controlled_by`;

export const partiesModel: Model = { name: 'parties', tables: partiesTables, apply };

/** Registering again changes the master data: the last of a batch counts. */
async function apply({ ledger, events }: Batch, db: Db): Promise<void> {
  const last = new Map(
    events.flatMap((event) => (event.type === 'lading.party.registered.v1' ? [[event.data.party, event.data]] : [])),
  );
  await overRows(
    db,
    UPSERT,
    ledger,
    columns(
      [...last.values()],
      ({ party }) => party,
      ({ name }) => name,
      ({ roles }) => arrayLiteral(roles),
      ({ controlledBy }) => arrayLiteral(controlledBy ?? []),
    ),
  );
}
