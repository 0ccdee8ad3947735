import { PartiesStage } from '#contracts/scalars';
import type { AccountState, Batch } from '../engine/batch.ts';
import { columns, overRows } from '../engine/columns.ts';
import { momentOf } from '../engine/moment.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { holdingsTables } from './table.ts';

const OPEN = `
  INSERT INTO holdings
  SELECT $1, account, owner, custodian, item, "order", line, stage, shipment, quantity, ${momentOf('newest')}, open
  FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::float8[], $12::bool[])
    AS t (account, owner, custodian, item, "order", line, stage, shipment, quantity, newest, open)`;

// Each row is looked up by its own seek of the primary key (OFFSET 0 keeps the planner from turning that round): without statistics,
// as in the first minute of a table's life, it took `holdings_order` for `ledger = $1` and read the whole ledger for every batch.
const CHANGE = `
  UPDATE holdings h SET quantity = t.quantity, newest = ${momentOf('t.newest')}, open = t.open
  FROM unnest($2::int[], $3::bigint[], $4::float8[], $5::bool[]) AS t (account, quantity, newest, open),
    LATERAL (SELECT ctid FROM holdings WHERE ledger = $1 AND holdings.account = t.account OFFSET 0) AS found
  WHERE h.ctid = found.ctid`;

const TOTAL = `
  INSERT INTO holding_totals AS h
  SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
  ON CONFLICT (ledger, owner, item, stage, custodian) DO UPDATE SET quantity = h.quantity + excluded.quantity`;

export const holdingsModel: Model = { name: 'holdings', tables: holdingsTables, apply };

async function apply(batch: Batch, db: Db): Promise<void> {
  const { ledger, opened } = batch;
  await overRows(
    db,
    OPEN,
    ledger,
    columns(
      opened,
      ({ id }) => id,
      ({ account }) => account.owner,
      ({ account }) => account.custodian,
      ({ account }) => account.item,
      ({ account }) => account.order,
      ({ account }) => account.line,
      ({ account }) => account.stage,
      ({ account }) => account.shipment,
      ({ quantity }) => quantity,
      ({ newest }) => newest,
      isOpen,
    ),
  );
  const changed = [...batch.changed];
  await overRows(
    db,
    CHANGE,
    ledger,
    columns(
      changed,
      ({ id }) => id,
      ({ quantity }) => quantity,
      ({ newest }) => newest,
      isOpen,
    ),
  );
  await addTotals(batch, db);
}

const PARTIES = new Set<string>(PartiesStage.options);
const isOpen = ({ account, quantity }: AccountState): boolean => quantity !== 0 && PARTIES.has(account.stage);

async function addTotals({ ledger, postings }: Batch, db: Db): Promise<void> {
  const totals = new Map<string, { readonly of: AccountState; quantity: number }>();
  for (const { account: of, quantity } of postings) {
    const { owner, item, stage, custodian } = of.account;
    const key = `${owner}|${item}|${stage}|${custodian}`;
    const total = totals.get(key);
    if (total === undefined) totals.set(key, { of, quantity });
    else total.quantity += quantity;
  }
  await overRows(
    db,
    TOTAL,
    ledger,
    columns(
      [...totals.values()],
      ({ of }) => of.account.owner,
      ({ of }) => of.account.item,
      ({ of }) => of.account.stage,
      ({ of }) => of.account.custodian,
      ({ quantity }) => quantity,
    ),
  );
}
