import type { Batch } from '../engine/batch.ts';
import { columns, overRows } from '../engine/columns.ts';
import { microseconds, momentOf } from '../engine/moment.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { mentioned } from './mentioned.ts';
import { activityTables } from './table.ts';

const INSERT = `
  INSERT INTO activity
  SELECT $1, sequence, type, id, source, subject, actor, ${momentOf('occurred')}, ${momentOf('recorded')}, parties, items, quantity, note
  FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::float8[], $10::text[], $11::text[],
    $12::bigint[], $13::text[]) AS t (sequence, type, id, source, subject, actor, occurred, recorded, parties, items, quantity, note)`;

export const activityModel: Model = { name: 'activity', tables: activityTables, apply };

async function apply({ ledger, events }: Batch, db: Db): Promise<void> {
  const rows = events.map((event) => ({ event, ...mentioned(event) }));
  await overRows(
    db,
    INSERT,
    ledger,
    columns(
      rows,
      ({ event }) => event.sequence,
      ({ event }) => event.type,
      ({ event }) => event.id,
      ({ event }) => event.source,
      ({ event }) => event.subject,
      ({ event }) => event.actor,
      ({ event }) => microseconds(event.time),
      ({ event }) => microseconds(event.recordedtime),
      ({ parties }) => parties.join(' '),
      ({ items }) => items.join(' '),
      ({ quantity }) => quantity,
      ({ event }) => event.data.note ?? null,
    ),
  );
}
