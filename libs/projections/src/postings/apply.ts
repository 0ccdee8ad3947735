import type { Batch } from '../engine/batch.ts';
import { columns, overRows } from '../engine/columns.ts';
import { momentOf } from '../engine/moment.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { postingsTables } from './table.ts';

const INSERT = `
  INSERT INTO postings
  SELECT $1, sequence, n, account, quantity, balance, ${momentOf('occurred')}
  FROM unnest($2::bigint[], $3::int[], $4::int[], $5::int[], $6::bigint[], $7::float8[]) AS t (sequence, n, account, quantity, balance, occurred)`;

export const postingsModel: Model = { name: 'postings', tables: postingsTables, apply };

async function apply({ ledger, postings }: Batch, db: Db): Promise<void> {
  await overRows(
    db,
    INSERT,
    ledger,
    columns(
      postings,
      ({ sequence }) => sequence,
      ({ n }) => n,
      ({ account }) => account.id,
      ({ quantity }) => quantity,
      ({ balance }) => balance,
      ({ occurred }) => occurred,
    ),
  );
}
