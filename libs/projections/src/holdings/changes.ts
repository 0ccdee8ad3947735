import type { HoldingDiffRow, HoldingHistoryRow } from '#contracts/changeRows';
import type { HoldingKey } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import { instantOf } from '../engine/values.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, takenBackBy, Where } from '../reading/page.ts';
import type { Moment, ReadModel } from '../reading/readModel.ts';
import { asAsked, filtered, type HoldingsFilter, type HoldingsQuery, isTotalled } from './queries.ts';
import { balanceThen } from '../postings/balance.ts';
import { balanceOf } from './then.ts';

interface DiffQuery extends HoldingsQuery {
  /** What is left out is as at the later moment. */
  readonly 'from-at'?: string | undefined;
  readonly 'from-known'?: number | undefined;
}

const ACCOUNT = ['item', 'owner', 'order', 'line', 'stage', 'custodian', 'shipment'] as const satisfies HoldingKey[];
/** Events that a row names. */
const MOST_EVENTS = 20;

type Keyed = Record<HoldingKey, string>;
type DiffEvent = HoldingDiffRow['events'][number];

/** What changed between two moments, an account or a group a row, with the events that are in one of them and not in the other. */
export async function holdingsDiff(model: ReadModel, query: DiffQuery): Promise<Page<HoldingDiffRow>> {
  const { keys: asked, ...rest } = asAsked(query);
  const keys: readonly HoldingKey[] = asked.length === 0 ? ACCOUNT : asked;
  const names = keys.map((key) => `"${key}"`).join(', ');
  const start = pageStart(
    rest,
    keys.map(() => ''),
  );
  const where = new Where(model.ledger, 'p');
  const of = isTotalled(rest, keys) ? 'total' : 'account';
  const [before, now] = momentsOf(model, query).map((asOf) => balanceOf({ ...model, asOf }, where, 'h', of));
  const which = accountsAsked(model, query, where).sql;
  const after = start === undefined ? '' : `WHERE (${names}) > (${start.map((part) => where.value(part)).join(', ')})`;
  const { rows } = await model.db.query<Keyed & { before: number; after: number }>(
    `SELECT ${names}, before, after FROM (
       SELECT ${names}, sum(before)::bigint AS before, sum(after)::bigint AS after
       FROM (
         SELECT ${columnsOf(keys)}, ${before ?? ''} AS before, ${now ?? ''} AS after
         FROM ${of === 'total' ? 'holding_totals' : 'holdings'} h ${which} OFFSET 0
       ) h GROUP BY ${names}) d
     ${after === '' ? 'WHERE' : `${after} AND`} before <> after ORDER BY ${names} LIMIT ${limitOf(rest) + 1}`,
    where.values,
  );
  const events = await eventsOf(model, query, keys, rows.slice(0, limitOf(rest)));
  return pageOf(
    rows,
    rest,
    (row) => keys.map((key) => row[key]),
    (row): HoldingDiffRow => {
      const { found, more } = events.get(keyOf(keys, row)) ?? { found: [], more: false };
      return {
        ...Object.fromEntries(keys.map((key) => [key, key === 'shipment' ? row.shipment || null : row[key]])),
        ...{ before: row.before, after: row.after, change: row.after - row.before, events: found },
        ...(more && { partial: true as const }),
      };
    },
  );
}

const keyOf = (keys: readonly HoldingKey[], row: Keyed): string => JSON.stringify(keys.map((key) => row[key]));

type Bounds = Pick<Moment, 'at' | 'known'>;

/** From which moment, and to which. */
function momentsOf({ asOf }: ReadModel, query: DiffQuery): [from: Bounds, to: Bounds] {
  const { 'from-at': at = asOf.at, 'from-known': known = asOf.known } = query;
  return [{ at, known }, asOf];
}

const columnsOf = (keys: readonly HoldingKey[]): string =>
  keys.map((key) => `coalesce(h."${key}", '') COLLATE "C" AS "${key}"`).join(', ');

/** The postings that are in one of the moments and not in the other, with the keys: less than nothing, what is only in the first. */
function postedBetween(model: ReadModel, query: DiffQuery, keys: readonly HoldingKey[], where: Where): string {
  const [from, to] = momentsOf(model, query);
  const isIn = ({ at, known }: Bounds): string =>
    `(p.sequence <= ${where.value(known)}::bigint${at === undefined ? '' : ` AND p.occurred <= ${where.value(at)}::timestamptz`})`;
  const [early, late] = [isIn(from), isIn(to)];
  const which = accountsAsked(model, query, where);
  const known = where.value(Math.min(from.known, to.known));
  // What had occurred by both moments and was known at both is in both: the marks tell of most of it.
  let since = `${known}::bigint + 1`;
  if (from.at !== to.at) {
    const at = [from.at, to.at].filter((one) => one !== undefined).map((one) => `${where.value(one)}::timestamptz`);
    since = `least(${known}::bigint, ${markedBy(`least(${at.join(', ')})`)})`;
  }
  return `(SELECT ${columnsOf(keys)}, p.sequence, CASE WHEN ${late} THEN p.quantity ELSE -p.quantity END AS quantity
    FROM holdings h ${postedFrom(since, where.value(Math.max(from.known, to.known)))} ${which.sql} AND ${early} <> ${late})`;
}

function accountsAsked(model: ReadModel, query: HoldingsFilter, where: Where): Where {
  const which = filtered(new Where(model.ledger, 'h', where.values), 'h', query, model);
  return query.accounts === 'all' ? which : which.and(`h.stage = ANY(${where.value(PartiesStage.options)})`);
}

/** The first events that changed each of the rows. What moved units within a row changed nothing, and would keep what did from being named. */
async function eventsOf(
  model: ReadModel,
  query: DiffQuery,
  keys: readonly HoldingKey[],
  rows: readonly Keyed[],
): Promise<ReadonlyMap<string, { found: DiffEvent[]; more: boolean }>> {
  const all = new Map<string, { found: DiffEvent[]; more: boolean }>();
  if (rows.length === 0) return all;
  const where = new Where(model.ledger, 'p');
  const posted = postedBetween(model, query, keys, where);
  const names = keys.map((key) => `"${key}"`).join(', ');
  // No id has a tab in it.
  const those = where.value(rows.map((row) => keys.map((key) => row[key]).join('\t')));
  const { rows: found } = await model.db.query<Keyed & DiffEvent & { n: number }>(
    `SELECT d.*, a.type, a.id, ${instantOf('a.occurred')} AS occurred, ${instantOf('a.recorded')} AS recorded, ${takenBackBy(model, where)} FROM (
       SELECT ${names}, sequence, sum(quantity)::bigint AS quantity,
         row_number() OVER (PARTITION BY ${names} ORDER BY sequence) AS n
       FROM ${posted} p WHERE concat_ws(E'\\t', ${names}) = ANY(${those}::text[])
       GROUP BY ${names}, sequence HAVING sum(quantity) <> 0) d
     CROSS JOIN LATERAL (SELECT * FROM activity WHERE ledger = $1 AND sequence = d.sequence OFFSET 0) a
     WHERE d.n <= ${MOST_EVENTS + 1} ORDER BY d.sequence`,
    where.values,
  );
  for (const row of found) {
    const { sequence, type, id, occurred, recorded, quantity, voidedBy, voids } = row;
    const of = all.get(keyOf(keys, row)) ?? { found: [], more: false };
    all.set(keyOf(keys, row), of);
    if (of.found.length === MOST_EVENTS) of.more = true;
    else of.found.push({ sequence, type, id, occurred, recorded, quantity, voidedBy, voids });
  }
  return all;
}

interface HistoryQuery extends HoldingsFilter, PageQuery {
  /** Along which time; what occurred unless told. */
  readonly axis?: 'at' | 'known' | undefined;
  readonly by?: 'change' | 'day' | 'week' | 'month' | undefined;
  /** Only what changed after it: along what occurred, and along what was known. */
  readonly 'from-at'?: string | undefined;
  readonly 'from-known'?: number | undefined;
}

/**
 * A balance as a series: along what occurred, all of it as known at the moment that is asked about; or along what was known, all of it
 * about that moment. Each page begins with the balance before it, and looks at no posting that the marks tell to be before it.
 */
export async function holdingsHistory(model: ReadModel, query: HistoryQuery): Promise<Page<HoldingHistoryRow>> {
  const { by = 'change', axis = 'at' } = query;
  const where = new Where(model.ledger, 'p').until(model, 'p');
  const which = accountsAsked(model, query, where).sql;
  // In UTC. A period is named by its first day. Along what was known the sort key has the sequence, too: several events may have been
  // recorded at the same moment, and the next page is of what was told after it.
  const utc = `${axis === 'at' ? 'p.occurred' : 'a.recorded'} AT TIME ZONE 'UTC'`;
  const bucket = by === 'change' ? utc : `date_trunc('${by}', ${utc})`;
  const place = by === 'change' && axis === 'known' ? 'p.sequence' : '0::bigint';
  const start = pageStart(query, ['', 0]);
  const last =
    start === undefined || (by === 'change' && axis === 'known') ? undefined : `${where.value(start[0])}::timestamp`;
  const end = (moment: string): string =>
    by === 'change' ? moment : `${moment} + interval '1 ${by}' - interval '1 microsecond'`;
  let before: string | undefined;
  let since = '0';
  let opening = '0';
  if (axis === 'at') {
    const at = [
      ...(last === undefined ? [] : [`(${end(last)}) AT TIME ZONE 'UTC'`]),
      ...(query['from-at'] === undefined ? [] : [`${where.value(query['from-at'])}::timestamptz`]),
    ];
    if (at.length > 0) {
      before = `greatest(${at.join(', ')})`;
      where.and(`p.occurred > ${before}`);
      since = markedBy(before);
      opening = balanceThen('h', 'account', { at: before, known: where.value(model.asOf.known), isHead: false });
    }
  } else {
    const known = Math.max(query['from-known'] ?? 0, Number(start?.[1] ?? 0));
    if (known > 0) {
      before = where.value(known);
      since = `${before}::bigint + 1`;
      opening = balanceOf({ ...model, asOf: { at: model.asOf.at, known } }, where, 'h', 'account');
    }
  }
  const changes = `SELECT ${bucket} AS moment, ${place} AS place, max(p.sequence) AS sequence, sum(p.quantity)::bigint AS change
    FROM holdings h ${postedFrom(since, where.value(model.asOf.known))}
      ${axis === 'at' ? '' : 'JOIN activity a ON a.ledger = $1 AND a.sequence = p.sequence'}
    ${where.sql} ${which.replace('WHERE', 'AND')} GROUP BY 1, 2`;
  const every = stepsOf(by, last, axis === 'at' ? undefined : (before ?? '0'));
  const { rows } = await model.db.query<HoldingHistoryRow & { key: string; place: number }>(
    `WITH changes AS (${changes})
     SELECT ${instantOf(`(${end('moment')}) AT TIME ZONE 'UTC'`)} AS moment, sequence, change, quantity, moment::text AS key, place FROM (
       SELECT *, (sum(change) OVER (ORDER BY moment, place) + (SELECT coalesce(sum(balance), 0) FROM (
           SELECT ${opening} AS balance FROM holdings h ${which} ${before === undefined ? 'AND false' : ''} OFFSET 0) o))::bigint AS quantity
       FROM (${every}) e) s
     ORDER BY s.moment, s.place LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    ({ key, place }) => [key, place],
    ({ moment, sequence, change, quantity }) => ({ moment, sequence, change, quantity }),
  );
}

/** SQL for the steps of a series: every change; or all periods after the last one of the page before, with the sequence of the last change by then. */
function stepsOf(by: string, last: string | undefined, known: string | undefined): string {
  if (by === 'change') return 'SELECT * FROM changes WHERE change <> 0';
  const first = last === undefined ? 'min(moment)' : `${last} + interval '1 ${by}'`;
  const place = known === undefined ? '0::bigint' : `coalesce(max(sequence) OVER (ORDER BY moment), ${known}::bigint)`;
  return `SELECT moment, ${place} AS place, sequence, coalesce(change, 0) AS change
    FROM (SELECT generate_series(${first}, max(moment), interval '1 ${by}') AS moment FROM changes) s LEFT JOIN changes USING (moment)`;
}

/** SQL that joins the postings `p` of an account `h` from a sequence to another. OFFSET 0: of each account in turn. */
const postedFrom = (since: string, upTo: string): string =>
  `CROSS JOIN LATERAL (SELECT ${since} AS since OFFSET 0) b CROSS JOIN LATERAL (
    SELECT * FROM postings WHERE ledger = $1 AND account = h.account AND sequence >= b.since AND sequence <= ${upTo}::bigint OFFSET 0) p`;

/** SQL for a sequence before which all that was booked on the account `h` had occurred by a moment. */
const markedBy = (at: string): string => `coalesce((
  SELECT m.sequence FROM posting_marks m WHERE m.ledger = $1 AND m.key = h.account AND m.newest <= ${at}
  ORDER BY m.newest DESC, m.sequence DESC LIMIT 1), 0)`;
