import { type FlagRow, FlagRule } from '#contracts/flagRows';
import { concerns } from '../activity/queries.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { clockFlags } from './clock.ts';
import { aboutOfFlag, flagIdSql, parseFlagId, ruleOfFlag } from './flagId.ts';
import { oversold } from './oversold.ts';
import { type Judged, overdueLines, overdueShipments } from './overdue.ts';

export interface FlagsQuery extends PageQuery {
  readonly rule?: FlagRule | undefined;
  readonly party?: string | undefined;
  readonly item?: string | undefined;
}

/** The rules that are judged when asked, of what is promised, sent or committed, by what reads them. */
const judged: Readonly<Partial<Record<FlagRule, (model: ReadModel, which: Judged) => Promise<FlagRow[]>>>> = {
  'overdue-line': overdueLines,
  'overdue-shipment': overdueShipments,
  oversold,
};

/** What needs a look, in the order in which it was raised. The rules that depend on the clock are judged as of the model's moment. */
export async function flags(model: ReadModel, query: FlagsQuery): Promise<Page<FlagRow>> {
  const key = pageStart(query, [0, '']);
  const [raised, last] = (key ?? [0, '']) as [number, string];
  const stored = await storedFlags(model, query, raised, last);
  // Every overdue swap has at least one flag for this page, except the one in which the page before ended; a filter may leave out any.
  const filtered =
    model.party !== undefined || query.rule !== undefined || query.party !== undefined || query.item !== undefined;
  const { party, item } = query;
  const among = { executedFrom: raised, party, ...(!filtered && { limit: limitOf(query) + 2 }) };
  const byClock: FlagRow[] = [];
  if (query.rule === undefined || isOfSwaps(query.rule)) {
    for await (const some of clockFlags(model, among)) {
      const own = await ownFlags(model, some);
      byClock.push(...own.filter((flag) => matches(flag, query) && isAfter(flag, raised, last)));
      if (byClock.length > limitOf(query)) break;
    }
  }
  const which = { party, item, limit: limitOf(query) + 1, ...(key && { after: [raised, last] as const }) };
  const now: FlagRow[] = [];
  for (const [rule, read] of Object.entries(judged)) {
    if (query.rule === undefined || query.rule === rule) now.push(...(await read(model, which)));
  }
  const all = [...stored, ...byClock, ...now].sort((a, b) => a.raised - b.raised || (a.flag < b.flag ? -1 : 1));
  return pageOf(
    all,
    query,
    ({ raised, flag }) => [raised, flag],
    (row) => row,
  );
}

/** @returns undefined also for a flag of the clock that is not up as of the model's moment. */
export async function flag(model: ReadModel, id: string): Promise<FlagRow | undefined> {
  const rule = ruleOfFlag(id);
  if (rule === undefined) return undefined;
  if (isOfSwaps(rule)) {
    const first = await clockFlags(model, { swap: aboutOfFlag(id)[0] ?? '' }).next();
    const same = first.done === true ? [] : first.value.filter((row) => row.flag === id);
    return (await ownFlags(model, same))[0];
  }
  const read = judged[rule];
  if (read !== undefined) return (await read(model, { flag: id, limit: 1 }))[0];
  const stored = parseFlagId(id);
  if (stored === undefined) return undefined;
  const where = new Where(model.ledger, 'f')
    .equals('f.rule', stored.rule)
    .equals('f.sequence', stored.sequence)
    .equals('f.n', stored.n);
  return (await select(model, where, 1))[0];
}

/** The rules whose flags go away again. */
export const passingRules = FlagRule.options.filter((rule) => isOfSwaps(rule) || rule in judged);

function isOfSwaps(rule: FlagRule): boolean {
  return rule === 'overdue-leg' || rule === 'one-sided-swap';
}

const matches = (flag: FlagRow, { rule, party, item }: FlagsQuery): boolean =>
  (rule === undefined || flag.rule === rule) &&
  (party === undefined || flag.parties.includes(party)) &&
  (item === undefined || flag.item === item);

const isAfter = (flag: FlagRow, raised: number, last: string): boolean =>
  flag.raised > raised || (flag.raised === raised && flag.flag > last);

const ID_OF_FLAG = flagIdSql('f.rule', 'f.sequence', 'f.n');

/** What events raised, after a place in the list; one flag more than a page has, where there are more. */
export async function storedFlags(
  model: ReadModel,
  query: FlagsQuery,
  raised: number,
  last: string,
): Promise<FlagRow[]> {
  const where = new Where(model.ledger, 'f').equals('f.rule', query.rule).equals('f.item', query.item);
  if (query.party !== undefined) where.and(`${where.value(query.party)} = ANY(f.parties)`);
  // The index has the first condition only.
  where.and(`f.sequence >= ${where.value(raised)}`).after(['f.sequence', ID_OF_FLAG], [raised, last]);
  return select(model, where, limitOf(query) + 1);
}

/** Flags that stand on an event which concerns the party that asks. */
async function ownFlags({ db, ledger, party }: ReadModel, all: readonly FlagRow[]): Promise<readonly FlagRow[]> {
  if (party === undefined || all.length === 0) return all;
  const { rows } = await db.query<{ sequence: number }>(
    'SELECT sequence FROM event_parties WHERE ledger = $1 AND party = $2 AND sequence = ANY($3::bigint[])',
    [ledger, party, [...new Set(all.map(({ raised }) => raised))]],
  );
  const own = new Set(rows.map(({ sequence }) => sequence));
  return all.filter(({ raised }) => own.has(raised));
}

async function select({ db, party }: ReadModel, where: Where, limit: number): Promise<FlagRow[]> {
  where.only(party, (self) => concerns(self, 'f.sequence'));
  const { rows } = await db.query<Omit<FlagRow, 'facts'> & { facts: string }>(
    `SELECT ${ID_OF_FLAG} AS flag, f.rule, f.sequence AS raised, f.parties, f.item, f.facts, f.events::float8[] AS events
     FROM flags f ${where.sql} ORDER BY f.sequence, ${ID_OF_FLAG} LIMIT ${limit}`,
    where.values,
  );
  return rows.map((row) => ({ ...row, facts: JSON.parse(row.facts) as FlagRow['facts'] }));
}
