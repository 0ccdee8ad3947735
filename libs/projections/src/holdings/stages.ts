import type { Stages } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import type { ReadModel } from '../reading/readModel.ts';

export interface StagesOf extends Stages {
  /** The owner, or the item. */
  readonly id: string;
  readonly item: string;
}

/**
 * Units in parties' hands by stage: of some owners an item, or of some items over all owners. In the order of the ids, no more than `most`,
 * of each owner by item: what is beyond is not read.
 */
async function stages(
  { db, ledger, party }: ReadModel,
  by: 'owner' | 'item',
  ids: readonly string[],
  most: number,
): Promise<StagesOf[]> {
  const sums = PartiesStage.options.map(
    (stage) => `coalesce(sum(quantity) FILTER (WHERE stage = '${stage}'), 0)::bigint AS ${stage}`,
  );
  const { rows } = await db.query<StagesOf>(
    `SELECT found.id, found.item, ${PartiesStage.options.join(', ')} FROM (
       SELECT of.n, of.id, h.* FROM unnest($2::text[]) WITH ORDINALITY AS of (id, n) CROSS JOIN LATERAL (
         SELECT item, ${sums.join(', ')} FROM holding_totals
         WHERE ledger = $1 AND ${by} = of.id AND stage = ANY($3) AND quantity <> 0
           ${party === undefined ? '' : 'AND (owner = $5 OR custodian = $5)'}
         GROUP BY item ORDER BY item LIMIT $4
       ) h LIMIT $4
     ) found ORDER BY found.n, found.item`,
    [ledger, ids, PartiesStage.options, most, ...(party === undefined ? [] : [party])],
  );
  return rows;
}

/** What each of these parties owns, an item a row: by party, then by item, no more than `most`. */
export const ownedBy = (model: ReadModel, parties: readonly string[], most: number): Promise<StagesOf[]> =>
  stages(model, 'owner', parties, most);

/** What there is of each of these items, in the hands of all parties together. */
export async function allOf(model: ReadModel, items: readonly string[]): Promise<Map<string, Stages>> {
  const found = await stages(model, 'item', items, items.length);
  return new Map(found.map((row) => [row.id, withoutItem(row)]));
}

const withoutItem = ({ ordered, in_transit, held, damaged }: Stages): Stages => ({
  ordered,
  in_transit,
  held,
  damaged,
});
export const nothing: Stages = { ordered: 0, in_transit: 0, held: 0, damaged: 0 };
