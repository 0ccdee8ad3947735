import { describe, expect, it } from 'vitest';
import type { Db } from '../reading/readModel.ts';
import { bigint, bool, day, id, moment, optional, Table, texts, withDefault } from './table.ts';

const orders = new Table('orders', {
  columns: {
    order: id,
    buyer: id,
    placed: moment,
    due: optional(day),
    tags: texts,
    total: bigint,
    open: bool,
    done: withDefault(moment, `'infinity'`),
  },
  key: ['order', 'buyer'],
  fillfactor: 80,
  indexes: { orders_due: { on: ['due', 'order'], where: 'open' }, orders_total: { on: ['total'], forQuestions: true } },
});

interface Row {
  readonly name: string;
  readonly total: number;
}

/** What a statement sends for these rows. */
async function sent(
  statement: (db: Db, ledger: string, rows: readonly Row[]) => Promise<unknown>,
  rows: readonly Row[] = [{ name: 'PO-1', total: 5 }],
): Promise<{ sql: string; values: unknown[] } | undefined> {
  let found: { sql: string; values: unknown[] } | undefined;
  const query = (sql: string, values: unknown[]) => {
    found = { sql: sql.replace(/\s+/g, ' '), values };
    return Promise.resolve({ rows: [] });
  };
  await statement({ query } as unknown as Db, 'nvidia', rows);
  return found;
}

describe('a table that is declared once', () => {
  it('a table is made with the ledger first in its columns, its key and its indexes', () => {
    expect(orders.ddl.replace(/\s+/g, ' ')).toBe(
      'CREATE TABLE orders ( ledger text COLLATE "C" NOT NULL, "order" text COLLATE "C" NOT NULL, buyer text COLLATE "C" NOT NULL, ' +
        'placed timestamptz NOT NULL, due date, tags text[] NOT NULL, total bigint NOT NULL, open boolean NOT NULL, ' +
        'done timestamptz NOT NULL DEFAULT \'infinity\', PRIMARY KEY (ledger, "order", buyer) ) WITH (fillfactor = 80); ' +
        'ALTER TABLE orders ALTER ledger SET STATISTICS 0; ' +
        'CREATE INDEX orders_due ON orders (ledger, due, "order") WHERE open; ' +
        'CREATE INDEX orders_total ON orders (ledger, total);',
    );
  });

  it('what only questions read is left out where a table is to be filled, and is had by its name', () => {
    const index = 'CREATE INDEX orders_total ON orders (ledger, total);';
    expect(`${orders.toFill}\n${index}`).toBe(orders.ddl);
    expect([...orders.forQuestions]).toEqual([['orders_total', index]]);
  });

  it('each value is inserted into the column that it is given for, in whatever order the columns are named', async () => {
    const insert = orders.insert<Row>({
      total: ({ total }) => total,
      tags: () => ['new', 'a "b"'],
      order: ({ name }) => name,
      open: () => true,
      placed: () => 1_000_000,
      buyer: () => 'tesla',
    });
    expect(await sent(insert)).toEqual({
      sql:
        'INSERT INTO orders AS stored (ledger, total, tags, "order", open, placed, buyer) SELECT $1, given.* FROM ' +
        `(SELECT total, tags::text[] AS tags, "order", open, (to_timestamp(0) + placed * interval '1 microsecond') AS placed, buyer ` +
        'FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bool[], $6::float8[], $7::text[]) ' +
        'AS given (total, tags, "order", open, placed, buyer)) AS given',
      values: [
        'nvidia',
        '{5}',
        String.raw`{"{\"new\",\"a \\\"b\\\"\"}"}`,
        '{"PO-1"}',
        '{true}',
        '{1000000}',
        '{"tesla"}',
      ],
    });
  });

  it('an update or a deletion is about the rows that have the given key, and finds them by its first column', async () => {
    const named = { total: ({ total }: Row) => total, order: ({ name }: Row) => name };
    const where = 'WHERE stored.ledger = $1 AND stored."order" = ANY($3::text[]) AND stored."order" = given."order"';
    const given = 'unnest($2::bigint[], $3::text[]) AS given (total, "order")';
    expect((await sent(orders.update<Row>(named)))?.sql).toBe(
      `UPDATE orders stored SET total = given.total FROM ${given} ${where}`,
    );
    expect(
      (await sent(orders.update<Row>(named, { total: 'stored.total + given.total' }, ' AND stored.open')))?.sql,
    ).toBe(`UPDATE orders stored SET total = stored.total + given.total FROM ${given} ${where} AND stored.open`);
    expect((await sent(orders.remove<Row>({ order: ({ name }) => name })))?.sql).toBe(
      'DELETE FROM orders stored USING unnest($2::text[]) AS given ("order") WHERE stored.ledger = $1 ' +
        'AND stored."order" = ANY($2::text[]) AND stored."order" = given."order"',
    );
  });

  it('a statement over no rows asks the database for nothing', async () => {
    expect(await sent(orders.remove<Row>({ order: ({ name }) => name }), [])).toBeUndefined();
  });

  it('a statement about a column that the table does not have is refused when it is made', () => {
    expect(() => orders.update({ order: () => 'PO-1', colour: () => 'red' } as never)).toThrow(
      'the table orders has no column colour',
    );
  });
});

it('many rows are divided among several statements, each row in one of them', async () => {
  const insert = orders.over<Row>({ order: ({ name }) => name }, (given) => `SELECT * FROM ${given}`);
  const sent: string[] = [];
  const query = (_sql: string, values: [string, string]) => {
    sent.push(values[1]);
    return Promise.resolve({ rows: values[1].slice(1, -1).split(',') });
  };
  const rows = Array.from({ length: 2_500 }, (_, at) => ({ name: `PO-${at}`, total: 1 }));
  const found = await insert({ query } as unknown as Db, 'nvidia', rows);
  expect(sent.length).toBeGreaterThan(1);
  expect(found).toEqual(rows.map(({ name }) => `"${name}"`));
});
