import type { Batch } from '../engine/batch.ts';
import { columns, overRows } from '../engine/columns.ts';
import { momentOf } from '../engine/moment.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { ordersTables } from './table.ts';

const PLACE = `
  INSERT INTO orders
  SELECT $1, "order", buyer, supplier, ${momentOf('placed')}, sequence
  FROM unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::bigint[]) AS t ("order", buyer, supplier, placed, sequence)`;

const ADD_LINES = `
  INSERT INTO order_lines
  SELECT $1, * FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::bigint[], $7::date[], $8::date[])`;

const CHANGE_LINES = `
  UPDATE order_lines l SET quantity = t.quantity, window_from = t.window_from, window_to = t.window_to
  FROM unnest($2::text[], $3::text[], $4::bigint[], $5::date[], $6::date[]) AS t ("order", line, quantity, window_from, window_to)
  WHERE l.ledger = $1 AND l."order" = ANY($2::text[]) AND l."order" = t."order" AND l.line = t.line`;

export const ordersModel: Model = { name: 'orders', tables: ordersTables, apply };

async function apply({ ledger, placed, openedLines, changedLines }: Batch, db: Db): Promise<void> {
  await overRows(
    db,
    PLACE,
    ledger,
    columns(
      placed,
      ({ order }) => order,
      ({ buyer }) => buyer,
      ({ supplier }) => supplier,
      (order) => order.placed,
      ({ sequence }) => sequence,
    ),
  );
  await overRows(
    db,
    ADD_LINES,
    ledger,
    columns(
      openedLines,
      ({ order }) => order,
      ({ line }) => line,
      ({ n }) => n,
      ({ item }) => item,
      ({ quantity }) => quantity,
      ({ from }) => from,
      ({ to }) => to,
    ),
  );
  await overRows(
    db,
    CHANGE_LINES,
    ledger,
    columns(
      [...changedLines],
      ({ order }) => order,
      ({ line }) => line,
      ({ quantity }) => quantity,
      ({ from }) => from,
      ({ to }) => to,
    ),
  );
}
