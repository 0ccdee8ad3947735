import type { AccountState, Batch } from '../engine/batch.ts';
import { columns, overRows } from '../engine/columns.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { queueTables } from './table.ts';

const ADD = `
  INSERT INTO queue AS q
  SELECT $1, "order", line, owner, item, window_from, window_to, placed, n, ordered, in_transit, held, damaged, ordered + in_transit > 0
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::bigint[], $9::int[], $10::bigint[], $11::bigint[],
    $12::bigint[], $13::bigint[]) AS t ("order", line, owner, item, window_from, window_to, placed, n, ordered, in_transit, held, damaged)
  ON CONFLICT (ledger, "order", line, owner) DO UPDATE SET ordered = q.ordered + excluded.ordered,
    in_transit = q.in_transit + excluded.in_transit, held = q.held + excluded.held, damaged = q.damaged + excluded.damaged,
    waiting = q.ordered + excluded.ordered + q.in_transit + excluded.in_transit > 0`;

// The window is the line's, whoever owns its units.
const CHANGE_WINDOW = `
  UPDATE queue q SET window_from = t.window_from, window_to = t.window_to
  FROM unnest($2::text[], $3::text[], $4::date[], $5::date[]) AS t ("order", line, window_from, window_to)
  WHERE q.ledger = $1 AND q."order" = ANY($2::text[]) AND q."order" = t."order" AND q.line = t.line AND (q.window_from, q.window_to) <> (t.window_from, t.window_to)`;

export const queueModel: Model = { name: 'queue', tables: queueTables, apply };

const STAGES = ['ordered', 'in_transit', 'held', 'damaged'] as const;
type Stage = (typeof STAGES)[number];
type Place = Record<Stage, number> & { readonly of: AccountState };

async function apply({ ledger, postings, orders, changedLines }: Batch, db: Db): Promise<void> {
  const places = new Map<string, Place>();
  for (const { account: of, quantity } of postings) {
    const { order, line, owner, stage } = of.account;
    if (!isWaitingStage(stage)) continue;
    const key = `${order}|${line}|${owner}`;
    const place = places.get(key) ?? { of, ordered: 0, in_transit: 0, held: 0, damaged: 0 };
    place[stage] += quantity;
    places.set(key, place);
  }
  const lineOf = ({ of: { account } }: Place) => orders.get(account.order)?.lines.get(account.line);
  await overRows(
    db,
    ADD,
    ledger,
    columns(
      [...places.values()],
      ({ of }) => of.account.order,
      ({ of }) => of.account.line,
      ({ of }) => of.account.owner,
      ({ of }) => of.account.item,
      (place) => lineOf(place)?.from ?? null,
      (place) => lineOf(place)?.to ?? null,
      ({ of }) => orders.get(of.account.order)?.sequence ?? null,
      (place) => lineOf(place)?.n ?? null,
      ...STAGES.map((stage) => (place: Place) => place[stage]),
    ),
  );
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

const isWaitingStage = (stage: string): stage is Stage => (STAGES as readonly string[]).includes(stage);
