import type { HoldingGroupRow, HoldingKey, HoldingRow } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import { mayBeNegative } from '#ledger/account';
import { limitOf, type Page, pageOf, pageStart, type SortKey, Where } from '../reading/page.ts';
import { balanceThen } from '../postings/balance.ts';
import type { Moment, ReadModel } from '../reading/readModel.ts';
import {
  type AccountRow,
  asAsked,
  filtered,
  columnsOf,
  groupRows,
  type GroupRow,
  type HoldingsFilter,
  type HoldingsQuery,
  isTotalled,
  LIKE,
  NAMES,
  ownUnits,
  pageOfGroups,
  shapeOf,
  sortKeyOf,
  substitutesOf,
  TOTALLED,
} from './queries.ts';

/**
 * Holdings as of any moment: the same rows that `holdings` has now, made of the moves of exactly the events that had occurred and were
 * known then. What is on an account may be below zero then, where what brought the units was told later: it is answered as it is, marked.
 */
export async function holdingsThen(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingGroupRow>> {
  const { keys, ...asked } = asAsked(query);
  return keys.length === 0 ? byAccount(model, asked) : byGroup(model, asked, keys);
}

/** SQL for what was on the account, or what the total was, of a row of now. */
export function balanceOf(
  { asOf: { at, known }, sequence }: Pick<ReadModel, 'sequence'> & { readonly asOf: Pick<Moment, 'at' | 'known'> },
  where: Where,
  row: string,
  of: 'account' | 'total',
): string {
  return balanceThen(row, of, {
    at: at === undefined ? undefined : where.value(at),
    known: where.value(known),
    isHead: known >= sequence,
  });
}

/** Accounts that are looked at for a page: without units then, most of them may be. What is beyond is for the next page. */
const AT_ONCE = 2_000;
const MOST = 5 * AT_ONCE;

/** An account a row. A page may have fewer rows than it may have, and yet not be the last: `next` says so. */
async function byAccount(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingRow>> {
  const limit = limitOf(query);
  const found: AccountRow[] = [];
  let start = pageStart(query, LIKE);
  let last: AccountRow | undefined;
  for (let looked = 0, some = limit + 1; looked < MOST && found.length <= limit; some = AT_ONCE) {
    const rows = await accounts(model, query, start, some);
    looked += rows.length;
    found.push(...rows.filter(({ quantity }) => quantity !== 0));
    last = rows.length < some ? undefined : rows.at(-1);
    if (last === undefined) break;
    start = sortKeyOf(last);
  }
  const shape = await shapeOf(model, found.slice(0, limit));
  const page = pageOf(found, query, sortKeyOf, (row): HoldingRow => ({ ...shape(row), ...negativeIf(row) }));
  return page.next === null && last !== undefined ? { ...page, next: pageAfter(last) } : page;
}

const pageAfter = (row: AccountRow): string | null => pageOf([row, row], { limit: 1 }, sortKeyOf, () => undefined).next;

const negativeIf = ({ quantity, stage }: AccountRow): { negative?: true } =>
  quantity < 0 && !mayBeNegative(stage) ? { negative: true } : {};

/** The next accounts in their order, whether anything was on them then or not. */
async function accounts(
  model: ReadModel,
  query: HoldingsQuery,
  start: SortKey | undefined,
  most: number,
): Promise<AccountRow[]> {
  const { from, values } =
    query.order === undefined ? inOrder(model, query, start, most) : ofOrder(model, query, start, most);
  const where = new Where(model.ledger, 'h', values);
  const then = new Where(model.ledger, 's', values).until(model, 's').sql.replace('WHERE', 'AND');
  const { rows } = await model.db.query<AccountRow>(
    `SELECT ${NAMES}, ${balanceOf(model, where, 'h', 'account')} AS quantity, ${substitutesOf(then)} AS substitutes
     FROM ${from} h ORDER BY h.item, h.owner, h.account`,
    values,
  );
  return rows;
}

/**
 * The first accounts of a filter, by item, owner and number, as a table like `holdings`.
 */
function inOrder(
  { ledger, party }: ReadModel,
  query: HoldingsQuery,
  start: SortKey | undefined,
  most: number,
): { from: string; values: unknown[] } {
  const where = new Where(ledger, 't');
  const stages = query.accounts === 'all' ? undefined : where.value(PartiesStage.options);
  if (stages !== undefined) where.and(`t.stage = ANY(${stages})`);
  for (const column of TOTALLED) where.equals(`t."${column}"`, query[column]);
  let after = '';
  if (start !== undefined) {
    const [item, owner, account] = start.map((part) => where.value(part));
    where.and(`(t.item, t.owner) >= (${item ?? ''}, ${owner ?? ''})`);
    after = `AND ((t.item, t.owner) > (${item ?? ''}, ${owner ?? ''}) OR h.account > ${account ?? ''}::int)`;
  }
  // The totals' own conditions are in `where`; those on the account stand beside them, with parameters of their own.
  const own = (['custodian', 'stage', 'line', 'shipment'] as const)
    .filter((column) => query[column] !== undefined)
    .map((column) => `AND h.${column} = ${where.value(query[column])}`)
    .join(' ');
  let mine = '';
  where.only(party, (self) => {
    mine = `AND (${ownUnits('h')(self)})`;
    return ownUnits('t')(self);
  });
  const which = stages === undefined ? '' : `AND h.stage = ANY(${stages})`;
  const from = `(SELECT h.* FROM (SELECT DISTINCT t.ledger, t.item, t.owner FROM holding_totals t ${where.sql} ORDER BY t.item, t.owner) t
       CROSS JOIN LATERAL (
         SELECT h.* FROM holdings h
         WHERE h.ledger = $1 AND h.item = t.item AND h.owner = t.owner AND h.account >= 0 ${which} ${after} ${own} ${mine}
         ORDER BY h.account LIMIT ${most}
       ) h
     ORDER BY t.item, t.owner, h.account LIMIT ${most})`;
  return { from, values: where.values };
}

function ofOrder(model: ReadModel, query: HoldingsQuery, start: SortKey | undefined, most: number) {
  const where = inHands(filtered(new Where(model.ledger, 'h'), 'h', query, model), query);
  where.after(['h.item', 'h.owner', 'h.account'], start);
  const from = `(SELECT h.* FROM holdings h ${where.sql} ORDER BY h.item, h.owner, h.account LIMIT ${most})`;
  return { from, values: where.values };
}

const inHands = (where: Where, { accounts }: HoldingsFilter): Where =>
  accounts === 'all' ? where : where.and(`h.stage = ANY(${where.value(PartiesStage.options)})`);

/** A group a row. */
async function byGroup(
  model: ReadModel,
  query: HoldingsQuery,
  keys: readonly HoldingKey[],
): Promise<Page<HoldingGroupRow>> {
  // Of one owner or of one item there are few.
  const isLong = query.owner === undefined && query.item === undefined && model.party === undefined;
  const beside = isLong ? model.beside?.((second) => halfBeside(model, second, query, keys)) : undefined;
  if (beside === undefined) return pageOfGroups(await someGroups(model, query, keys), query, keys);
  const [even, odd] = await Promise.all([someGroups(model, query, keys, 0), beside]);
  const all = merged(even, odd ?? (await someGroups(model, query, keys, 1)), keys);
  return pageOfGroups(all, query, keys);
}

/** The second half of the groups. Undefined when another version answers on the second connection: it may not be as far. */
async function halfBeside(
  { version }: ReadModel,
  second: ReadModel,
  query: HoldingsQuery,
  keys: readonly HoldingKey[],
): Promise<GroupRow[] | undefined> {
  return second.version === version ? someGroups(second, query, keys, 1) : undefined;
}

/** @param half which half of the groups: all unless given */
function someGroups(
  model: ReadModel,
  query: HoldingsQuery,
  keys: readonly HoldingKey[],
  half?: 0 | 1,
): Promise<GroupRow[]> {
  const which = inHands(filtered(new Where(model.ledger, 'h'), 'h', query, model), query);
  if (half !== undefined) which.and(`hash_record(ROW(${columnsOf(keys).join(', ')})) & 1 = ${which.value(half)}`);
  const where = new Where(model.ledger, 'h', which.values).and('h.quantity <> 0');
  const [table, of, columns] = isTotalled(query, keys)
    ? (['holding_totals', 'total', ['ledger', ...TOTALLED].map((column) => `h.${column}`).join(', ')] as const)
    : (['holdings', 'account', NAMES] as const);
  // OFFSET 0: each is worked out once, though it is both a condition and added up.
  const then = `(SELECT ${columns}, ${balanceOf(model, where, 'h', of)} AS quantity FROM ${table} h ${which.sql} OFFSET 0)`;
  return groupRows(model, query, keys, where, `${then} h`, of === 'total');
}

/** Both halves in the order of the list: that of PostgreSQL for these columns, by the bytes of their text. */
function merged(a: readonly GroupRow[], b: readonly GroupRow[], keys: readonly HoldingKey[]): GroupRow[] {
  const rows: GroupRow[] = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length; ) {
    const [one, other] = [a[i], b[j]];
    if (one !== undefined && (other === undefined || isBefore(one, other, keys))) i = rows.push(one) - j;
    else if (other !== undefined) j = rows.push(other) - i;
  }
  return rows;
}

function isBefore(one: GroupRow, other: GroupRow, keys: readonly HoldingKey[]): boolean {
  for (const key of keys) {
    const [a, b] = [one[key], other[key]];
    if (a === b) continue;
    // What JavaScript compares are units of UTF-16: from the surrogates on, these are in another order than the bytes.
    return BEYOND.test(a + b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0 : a < b;
  }
  return false;
}
const BEYOND = /[\ud800-\uffff]/;
