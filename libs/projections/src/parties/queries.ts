import type { PartyRow } from '#contracts/rows';
import { ownedBy } from '../holdings/stages.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { owedTo } from '../swaps/balances.ts';

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
  where.only(model.party, (self) => `p.party = ${self}`);
  const { rows } = await model.db.query<Omit<PartyRow, 'holdings' | 'balances'>>(
    `SELECT party, name, roles, controlled_by AS "controlledBy" FROM parties p ${where.sql} ORDER BY p.party LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  const ids = rows.map((row) => row.party);
  const holdings = await ownedBy(model, ids);
  const balances = await owedTo(model, ids);
  return pageOf(
    rows,
    query,
    (row) => [row.party],
    (row) => ({ ...row, holdings: holdings.get(row.party) ?? [], balances: balances.get(row.party) ?? [] }),
  );
}
