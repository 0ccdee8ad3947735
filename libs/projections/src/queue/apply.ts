import { PartiesStage } from '#contracts/scalars';
import { isPartiesStage } from '#ledger/account';
import { type AccountState, type Batch, ownedKey } from '../engine/batch.ts';
import { columns, overRows } from '../engine/columns.ts';
import type { Model } from '../model.ts';
import { groupBy } from '../reading/groupBy.ts';
import type { Db } from '../reading/readModel.ts';
import { queueTables } from './table.ts';

const ENTER = `
  INSERT INTO queue
  SELECT $1, "order", line, owner, item, window_from, window_to, placed, n, ordered, in_transit, held, damaged, ordered + in_transit > 0
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::bigint[], $9::int[], $10::bigint[], $11::bigint[],
    $12::bigint[], $13::bigint[]) AS t ("order", line, owner, item, window_from, window_to, placed, n, ordered, in_transit, held, damaged)`;

const CHANGE = `
  UPDATE queue q SET ordered = q.ordered + t.ordered, in_transit = q.in_transit + t.in_transit, held = q.held + t.held,
    damaged = q.damaged + t.damaged, waiting = q.ordered + t.ordered + q.in_transit + t.in_transit > 0
  FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    AS t ("order", line, owner, ordered, in_transit, held, damaged)
  WHERE q.ledger = $1 AND q."order" = ANY($2::text[]) AND q."order" = t."order" AND q.line = t.line AND q.owner = t.owner`;

// The window is the line's, whoever owns its units.
const CHANGE_WINDOW = `
  UPDATE queue q SET window_from = t.window_from, window_to = t.window_to
  FROM unnest($2::text[], $3::text[], $4::date[], $5::date[]) AS t ("order", line, window_from, window_to)
  WHERE q.ledger = $1 AND q."order" = ANY($2::text[]) AND q."order" = t."order" AND q.line = t.line AND (q.window_from, q.window_to) <> (t.window_from, t.window_to)`;

export const queueModel: Model = { name: 'queue', tables: queueTables, apply };

const STAGES = PartiesStage.options;
type Place = Record<PartiesStage, number> & { readonly of: AccountState };

async function apply(batch: Batch, db: Db): Promise<void> {
  const { ledger, orders, changedLines } = batch;
  const { true: first = [], false: known = [] } = Object.fromEntries(
    groupBy(placesOf(batch), ({ of }) => String(batch.isFirstOwned(of))),
  );
  const named = [
    ({ of }: Place) => of.account.order,
    ({ of }: Place) => of.account.line,
    ({ of }: Place) => of.account.owner,
  ];
  const counted = STAGES.map((stage) => (place: Place) => place[stage]);
  const lineOf = ({ of: { account } }: Place) => orders.get(account.order)?.lines.get(account.line);
  await overRows(
    db,
    ENTER,
    ledger,
    columns(
      first,
      ...named,
      ({ of }) => of.account.item,
      (place) => lineOf(place)?.from ?? null,
      (place) => lineOf(place)?.to ?? null,
      ({ of }) => orders.get(of.account.order)?.sequence ?? null,
      (place) => lineOf(place)?.n ?? null,
      ...counted,
    ),
  );
  await overRows(db, CHANGE, ledger, columns(known, ...named, ...counted));
  await overRows(
    db,
    CHANGE_WINDOW,
    ledger,
    columns(
      [...changedLines],
      ({ order }) => order,
      ({ line }) => line,
      ({ from }) => from,
      ({ to }) => to,
    ),
  );
}

/** What the batch brings to, and takes from, each owner's units of each line. */
function placesOf({ postings }: Batch): Place[] {
  const places = new Map<string, Place>();
  for (const { account: of, quantity } of postings) {
    const { order, line, owner, stage } = of.account;
    if (!isPartiesStage(stage)) continue;
    const key = `${order}|${ownedKey(line, owner)}`;
    let place = places.get(key);
    if (place === undefined) places.set(key, (place = { of, ordered: 0, in_transit: 0, held: 0, damaged: 0 }));
    place[stage] += quantity;
  }
  return [...places.values()];
}
