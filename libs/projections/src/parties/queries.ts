import type { PartyRow } from '#contracts/rows';
import { ownedBy } from '../holdings/stages.ts';
import { keyOf, limitOf, type Page, type PageQuery, pageOf } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { Where } from '../reading/where.ts';
import { owedTo } from '../swaps/balances.ts';

export interface PartiesQuery extends PageQuery {
  readonly role?: 'supplier' | 'customer' | 'carrier' | undefined;
  readonly controlledBy?: string | undefined;
}

/** The ledger's parties by id, with what each owns and what is owed to it under swaps at the moment `at`. */
export async function parties(model: ReadModel, query: PartiesQuery, at: Date): Promise<Page<PartyRow>> {
  const where = new Where(model.ledger, 'p').after(['p.party'], keyOf(query, ['']));
  if (query.role !== undefined) where.and(`${where.value(query.role)} = ANY(p.roles)`);
  if (query.controlledBy !== undefined) where.and(`${where.value(query.controlledBy)} = ANY(p.controlled_by)`);
  return find(model, where, query, at);
}

export async function party(model: ReadModel, id: string, at: Date): Promise<PartyRow | undefined> {
  return (await find(model, new Where(model.ledger, 'p').equals('p.party', id), {}, at)).data[0];
}

async function find(model: ReadModel, where: Where, query: PageQuery, at: Date): Promise<Page<PartyRow>> {
  const { rows } = await model.db.query<Omit<PartyRow, 'holdings' | 'balances'>>(
    `SELECT party, name, roles, controlled_by AS "controlledBy" FROM parties p ${where.sql} ORDER BY p.party LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  const ids = rows.map((row) => row.party);
  const holdings = await ownedBy(model, ids);
  const balances = await owedTo(model, ids, at);
  return pageOf(
    rows,
    query,
    (row) => [row.party],
    (row) => ({ ...row, holdings: holdings.get(row.party) ?? [], balances: balances.get(row.party) ?? [] }),
  );
}
