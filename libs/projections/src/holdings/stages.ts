import type { Stages } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import type { ReadModel } from '../reading/readModel.ts';

export interface StagesOf extends Stages {
  /** The owner, or the item. */
  readonly id: string;
  readonly item: string;
}

/**
 * Units in parties' hands by stage, of the rows of `item_totals` that each of the ids stands for: by id, then by item, no more than `most`:
 * what is beyond is not read.
 */
async function stages(
  { db, ledger }: ReadModel,
  ids: readonly string[],
  most: number,
  rowsOfId: string,
  ...values: string[]
): Promise<StagesOf[]> {
  const sums = PartiesStage.options.map(
    (stage) => `coalesce(sum(quantity) FILTER (WHERE stage = '${stage}'), 0)::bigint AS ${stage}`,
  );
  const { rows } = await db.query<StagesOf>(
    `SELECT found.id, found.item, ${PartiesStage.options.join(', ')} FROM (
       SELECT of.n, of.id, h.* FROM unnest($2::text[]) WITH ORDINALITY AS of (id, n) CROSS JOIN LATERAL (
         SELECT item, ${sums.join(', ')} FROM item_totals
         WHERE ledger = $1 AND ${rowsOfId} AND stage = ANY($3) AND quantity <> 0
         GROUP BY item ORDER BY item LIMIT $4
       ) h LIMIT $4
     ) found ORDER BY found.n, found.item`,
    [ledger, ids, PartiesStage.options, most, ...values],
  );
  return rows;
}

/** What each of these parties owns, an item a row: by party, then by item, no more than `most`. */
export const ownedBy = (model: ReadModel, parties: readonly string[], most: number): Promise<StagesOf[]> =>
  stages(model, parties, most, `party = of.id AND role = 'own'`);

/** What there is of each of these items, in the hands of all parties together: as far as the party that asks has to do with it. */
export async function allOf(model: ReadModel, items: readonly string[]): Promise<Map<string, Stages>> {
  const rowsOfItem = `party = $5 AND role = 'either' AND item = of.id`;
  const found = await stages(model, items, items.length, rowsOfItem, model.party ?? '');
  return new Map(found.map((row) => [row.id, withoutItem(row)]));
}

const withoutItem = ({ ordered, in_transit, held, damaged }: Stages): Stages => ({
  ordered,
  in_transit,
  held,
  damaged,
});
export const nothing: Stages = { ordered: 0, in_transit: 0, held: 0, damaged: 0 };
