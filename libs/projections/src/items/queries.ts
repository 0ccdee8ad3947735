import type { ItemRow } from '#contracts/rows';
import { allOf, nothing } from '../holdings/stages.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';

/** The ledger's products by id, and what there is of each in the hands of all parties. */
export async function items(model: ReadModel, query: PageQuery): Promise<Page<ItemRow>> {
  return readItems(model, new Where(model.ledger, 'i').after(['i.item'], pageStart(query, [''])), query);
}

export async function item(model: ReadModel, id: string): Promise<ItemRow | undefined> {
  return (await readItems(model, new Where(model.ledger, 'i').equals('i.item', id), {})).data[0];
}

type Row = Omit<ItemRow, 'listPrice' | 'holdings'> & { amount: string | null; currency: string | null };

async function readItems(model: ReadModel, where: Where, query: PageQuery): Promise<Page<ItemRow>> {
  // Of what it makes, of what it ever had, was promised or supplied, and of what it committed to.
  where
    .only(
      model.party,
      (self) =>
        `i.maker = ${self} OR EXISTS (SELECT FROM item_totals t WHERE t.ledger = $1 AND t.party = ${self} AND t.role = 'either' AND t.item = i.item)
       OR EXISTS (SELECT FROM commitments c WHERE c.ledger = $1 AND c.item = i.item AND c.supplier = ${self})`,
    )
    .among('i.item', model.among);
  const { rows } = await model.db.query<Row>(
    `SELECT item, name, maker, tracking, eccn, amount, currency FROM items i ${where.sql} ORDER BY i.item LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  const stages = await allOf(
    model,
    rows.map((row) => row.item),
  );
  return pageOf(
    rows,
    query,
    (row) => [row.item],
    ({ amount, currency, ...row }) => ({
      ...row,
      listPrice: amount === null || currency === null ? null : { amount, currency },
      holdings: stages.get(row.item) ?? nothing,
    }),
  );
}
