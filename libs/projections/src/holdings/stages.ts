import type { Stages } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import type { ReadModel } from '../reading/readModel.ts';

/** Units in parties' hands by stage: of some owners an item, or of some items over all owners. */
async function stages(
  { db, ledger, party }: ReadModel,
  by: 'owner' | 'item',
  ids: readonly string[],
): Promise<Map<string, (Stages & { item: string })[]>> {
  const { rows } = await db.query<{ id: string; item: string; stage: keyof Stages; quantity: number }>(
    `SELECT ${by} AS id, item, stage, sum(quantity)::bigint AS quantity FROM holding_totals
     WHERE ledger = $1 AND ${by} = ANY($2) AND stage = ANY($3) AND quantity <> 0 ${party === undefined ? '' : 'AND (owner = $4 OR custodian = $4)'}
     GROUP BY ${by}, item, stage ORDER BY ${by}, item`,
    [ledger, ids, PartiesStage.options, ...(party === undefined ? [] : [party])],
  );
  const found = new Map<string, (Stages & { item: string })[]>();
  for (const { id, item, stage, quantity } of rows) {
    const list = found.get(id) ?? [];
    if (list.at(-1)?.item !== item) list.push({ item, ordered: 0, in_transit: 0, held: 0, damaged: 0 });
    (list.at(-1) as Stages)[stage] = quantity;
    found.set(id, list);
  }
  return found;
}

/** What each of these parties owns, an item a row. */
export const ownedBy = (model: ReadModel, parties: readonly string[]) => stages(model, 'owner', parties);

/** What there is of each of these items, in the hands of all parties together. */
export async function allOf(model: ReadModel, items: readonly string[]): Promise<Map<string, Stages>> {
  const found = await stages(model, 'item', items);
  return new Map([...found].map(([id, [row]]) => [id, withoutItem(row as Stages)]));
}

const withoutItem = ({ ordered, in_transit, held, damaged }: Stages): Stages => ({
  ordered,
  in_transit,
  held,
  damaged,
});
export const nothing: Stages = { ordered: 0, in_transit: 0, held: 0, damaged: 0 };
