import type { PartyRow } from '#contracts/rows';
import { ownedBy, type StagesOf } from '../holdings/stages.ts';
import { groupBy } from '../reading/groupBy.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, partialIf, partsOf, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { owedTo } from '../swaps/balances.ts';
import { legs, type PartysLeg } from '../swaps/legs.ts';

interface PartiesQuery extends PageQuery {
  readonly role?: 'supplier' | 'customer' | 'carrier' | undefined;
  readonly controlledBy?: string | undefined;
}

/** The ledger's parties by id, with what each owns and what is owed to it under swaps. */
export async function parties(model: ReadModel, query: PartiesQuery): Promise<Page<PartyRow>> {
  const where = new Where(model.ledger, 'p').after(['p.party'], pageStart(query, ['']));
  if (query.role !== undefined) where.and(`${where.value(query.role)} = ANY(p.roles)`);
  if (query.controlledBy !== undefined) where.and(`${where.value(query.controlledBy)} = ANY(p.controlled_by)`);
  return readParties(model, where, query);
}

export async function party(model: ReadModel, id: string): Promise<PartyRow | undefined> {
  return (await readParties(model, new Where(model.ledger, 'p').equals('p.party', id), {})).data[0];
}

async function readParties(model: ReadModel, where: Where, query: PageQuery): Promise<Page<PartyRow>> {
  where.only(model.party, (self) => `p.party = ${self}`).among('p.party', model.among);
  const { rows } = await model.db.query<Omit<PartyRow, 'holdings' | 'balances'>>(
    `SELECT party, name, roles, controlled_by AS "controlledBy" FROM parties p ${where.sql} ORDER BY p.party LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  const { holdings, legs, whole, partial } = await belongings(
    model,
    rows.map((row) => row.party),
  );
  return pageOf(
    rows,
    query,
    (row) => [row.party],
    (row) => ({
      ...row,
      holdings: (holdings.get(row.party) ?? []).map(({ id: _, ...stages }) => stages),
      balances: owedTo(legs.get(row.party) ?? []),
      ...partialIf(partial),
    }),
    whole,
  );
}

/** What as many of the first parties own and have in swaps as one page may have. */
async function belongings(model: ReadModel, ids: readonly string[]) {
  const owned = await partsOf<StagesOf>(
    ids,
    ({ id }) => id,
    (of, most) => ownedBy(model, of, most),
  );
  const swapped = await partsOf<PartysLeg>(
    ids.slice(0, owned.whole),
    ({ party }) => party,
    (of, most) => legs(model, { parties: of, most }),
  );
  // The balance of a swap is that of all its legs: the last one may have more.
  const unsure = swapped.partial ? swapped.parts.at(-1)?.swap : undefined;
  return {
    holdings: groupBy(owned.parts, ({ id }) => id),
    legs: groupBy(
      swapped.parts.filter(({ swap }) => swap !== unsure),
      ({ party }) => party,
    ),
    whole: swapped.whole,
    partial: owned.partial || swapped.partial,
  };
}

/** Whether somebody has registered a party. */
export async function isParty({ db, ledger }: ReadModel, id: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM parties WHERE ledger = $1 AND party = $2', [ledger, id]);
  return rowCount !== 0;
}
