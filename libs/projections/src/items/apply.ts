import type { Batch } from '../engine/batch.ts';
import { columns, overRows } from '../engine/columns.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { itemsTables } from './table.ts';

const UPSERT = `
  INSERT INTO items
  SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
  ON CONFLICT (ledger, item) DO UPDATE SET name = excluded.name, maker = excluded.maker, tracking = excluded.tracking,
    eccn = excluded.eccn, amount = excluded.amount, currency = excluded.currency`;

export const itemsModel: Model = { name: 'items', tables: itemsTables, apply };

/** Registering again changes the master data: the last of a batch counts. */
async function apply({ ledger, events }: Batch, db: Db): Promise<void> {
  const last = new Map(
    events.flatMap((event) => (event.type === 'lading.item.registered.v1' ? [[event.data.item, event.data]] : [])),
  );
  await overRows(
    db,
    UPSERT,
    ledger,
    columns(
      [...last.values()],
      ({ item }) => item,
      ({ name }) => name,
      ({ maker }) => maker ?? null,
      ({ tracking }) => tracking,
      ({ eccn }) => eccn ?? null,
      ({ listPrice }) => listPrice?.amount ?? null,
      ({ listPrice }) => listPrice?.currency ?? null,
    ),
  );
}
