import type { ActivityRow, ReasonRow } from '#contracts/activityRows';
import type { ReasonCode } from '#contracts/reasonCodes';
import { instantOf } from '../engine/values.ts';
import {
  limitOf,
  MAX_LIMIT,
  type Page,
  pageOf,
  type PageQuery,
  pageStart,
  type SortKey,
  takenBackBy,
  Where,
} from '../reading/page.ts';
import { isPast, type ReadModel } from '../reading/readModel.ts';
import { type Asked, IN_SPAN, spansHaving } from './spans.ts';

interface ActivityQuery extends PageQuery {
  readonly type?: string | undefined;
  readonly subject?: string | undefined;
  readonly source?: string | undefined;
  /** Events that name this party. */
  readonly party?: string | undefined;
  readonly item?: string | undefined;
  readonly reasonCode?: ReasonCode | undefined;
  /** Only the newest of each so many sequences that follow each other. */
  readonly every?: number | undefined;
  /** Only these events. */
  readonly sequence?: readonly number[] | undefined;
  /** Occurred on this day in UTC, or on those from one to another (`2023-12-01/2023-12-31`), where `..` is open. */
  readonly occurred?: string | undefined;
}

/** That an event concerns a party: what a key that speaks for it may read. */
export const concerns = (party: string, sequence: string): string =>
  `EXISTS (SELECT FROM event_parties c WHERE c.ledger = $1 AND c.party = ${party} AND c.sequence = ${sequence})`;

/** Those of some events that concern a party. */
export async function concerning(
  { db, ledger }: ReadModel,
  party: string,
  sequences: readonly number[],
): Promise<ReadonlySet<number>> {
  const { rows } = await db.query<{ sequence: number }>(
    'SELECT sequence FROM event_parties WHERE ledger = $1 AND party = $2 AND sequence = ANY($3::bigint[])',
    [ledger, party, sequences],
  );
  return new Set(rows.map(({ sequence }) => sequence));
}

/** The events that concern a party, by the moment that is asked about: so many of them. */
export async function eventsConcerning(model: ReadModel, party: string, most: number): Promise<number[]> {
  const { db, ledger, asOf } = model;
  const { rows } = await db.query<{ sequence: number }>(
    `SELECT c.sequence FROM event_parties c
       JOIN activity a ON a.ledger = $1 AND a.sequence = c.sequence
     WHERE c.ledger = $1 AND c.party = $2 AND c.sequence <= $3 AND ($4::timestamptz IS NULL OR a.occurred <= $4)
     ORDER BY c.sequence LIMIT $5`,
    [ledger, party, asOf.known, asOf.at ?? null, most],
  );
  return rows.map(({ sequence }) => sequence);
}

/** The events that concern a party, by its own index: events of others are not looked at. */
function eventsOfParty(where: Where, ledger: string, party: string, before: SortKey | undefined): string {
  const mine = new Where(ledger, 'c', where.values).equals('c.party', party);
  if (before !== undefined) mine.and(`c.sequence < ${where.value(before[0])}`);
  return `(SELECT c.sequence FROM event_parties c ${mine.sql} ORDER BY c.sequence DESC) c ${OF_SEQUENCE}`;
}

/** The events of the spans in which there are all of these, if there is a party those that concern it. */
function eventsOfSpans(
  where: Where,
  ledger: string,
  all: Asked,
  party: string | undefined,
  before: SortKey | undefined,
) {
  const spans = spansHaving(ledger, where.values, all, before, 'DESC');
  return party === undefined
    ? `${spans} CROSS JOIN LATERAL (SELECT * FROM activity WHERE ledger = $1 AND ${IN_SPAN} OFFSET 0) a`
    : `${spans} CROSS JOIN LATERAL (
        SELECT sequence FROM event_parties WHERE ledger = $1 AND party = ${where.value(party)} AND ${IN_SPAN} OFFSET 0) c ${OF_SEQUENCE}`;
}

/**
 * The newest event of each so many sequences, if there is a party the newest that concerns it. The series is in the list of what is selected,
 * where it is made a value at a time: so it goes no further than the page, as long as nothing sorts it. A loop over it leaves its order as it is.
 */
function sampled(
  where: Where,
  { asOf, sequence }: ReadModel,
  every: number,
  party: string | undefined,
  before: SortKey | undefined,
) {
  const last = Math.min(asOf.known, sequence);
  const size = `${where.value(every)}::bigint`;
  const end = `${where.value(last)}::bigint`;
  // The page before had the newest of its last stretch.
  const first = before === undefined ? `${end} / ${size}` : `${where.value(before[0])}::bigint / ${size} - 1`;
  const of = party === undefined ? 'activity' : 'event_parties';
  const mine = party === undefined ? '' : `AND party = ${where.value(party)}`;
  return `(SELECT generate_series(${first}, 0, -1) AS stretch) s CROSS JOIN LATERAL (
      SELECT sequence FROM ${of} WHERE ledger = $1 ${mine}
        AND sequence >= s.stretch * ${size} AND sequence < (s.stretch + 1) * ${size} AND sequence <= ${end}
      ORDER BY sequence DESC LIMIT 1) c ${OF_SEQUENCE}`;
}

const OF_SEQUENCE = `CROSS JOIN LATERAL (SELECT * FROM activity WHERE ledger = $1 AND sequence = c.sequence OFFSET 0) a`;

/** To walk the events of a party takes some milliseconds, unless there are more than these. */
const MANY = 2_000;

async function concernsMany({ db, ledger }: ReadModel, party: string): Promise<boolean> {
  const { rows } = await db.query<{ events: number }>(
    `SELECT count(*) AS events FROM (SELECT FROM event_parties WHERE ledger = $1 AND party = $2 LIMIT ${MANY}) c`,
    [ledger, party],
  );
  return rows[0]?.events === MANY;
}

/** Events that are looked at for a page of some days: it may have fewer rows than it may have, and yet not be the last. */
const LOOKED_AT = 5_000;

/** What happened, the newest first. */
export async function activity(model: ReadModel, { occurred, ...query }: ActivityQuery): Promise<Page<ActivityRow>> {
  if (occurred === undefined) return whenever(model, query);
  const [from = '..', to = from] = occurred.split('/');
  const isOf = (day: string) => (from === '..' || day >= from) && (to === '..' || day <= to);
  const limit = limitOf(query);
  const found: ActivityRow[] = [];
  // What is told late may be anywhere: no index has the events of a day.
  let next = query.cursor ?? null;
  for (let looked = 0; looked < LOOKED_AT && found.length <= limit; looked += MAX_LIMIT) {
    const page = await whenever(model, { ...query, cursor: next ?? undefined, limit: MAX_LIMIT });
    found.push(...page.data.filter((row) => isOf(row.occurred.slice(0, 10))));
    next = page.next;
    if (next === null) break;
  }
  return next === null || found.length > limit ? pageBySequence(found, query) : { data: found, next };
}

const pageBySequence = (rows: readonly ActivityRow[], query: PageQuery): Page<ActivityRow> =>
  pageOf(
    rows,
    query,
    ({ sequence }) => [sequence],
    (row) => row,
  );

async function whenever(model: ReadModel, query: ActivityQuery): Promise<Page<ActivityRow>> {
  const { db, ledger, party } = model;
  const where = new Where(ledger, 'a')
    .until(model, 'a')
    .equals('a.type', query.type)
    .equals('a.subject', query.subject);
  where.equals('a.source', query.source).equals('a.reason_code', query.reasonCode);
  if (query.party !== undefined) {
    const named = where.value(query.party);
    where.and(`${named} = ANY(string_to_array(a.parties, E'\\t'))`);
    // What names a party concerns it. So of one that nothing concerns nothing is looked for among the events of another.
    if (party !== undefined)
      where.and(`EXISTS (SELECT FROM event_parties WHERE ledger = $1 AND event_parties.party = ${named})`);
  }
  if (query.item !== undefined) where.and(`${where.value(query.item)} = ANY(string_to_array(a.items, E'\\t'))`);
  const before = pageStart(query, [0]);
  // Of events that are named nobody's are walked.
  const walked = query.sequence === undefined ? (party ?? query.party) : undefined;
  if (query.sequence !== undefined) {
    where.and(`a.sequence = ANY(${where.value(query.sequence)}::bigint[])`);
    where.only(party, (mine) => concerns(mine, 'a.sequence'));
  }
  const { type, source, item, subject, reasonCode } = query;
  // A subject and a reason have an index of their own; and the few events of a party are walked.
  const rare = subject === undefined && reasonCode === undefined ? { type, source, item } : {};
  const spanned =
    query.every === undefined &&
    query.sequence === undefined &&
    Object.values(rare).some((value) => value !== undefined) &&
    (walked === undefined || (await concernsMany(model, walked)));
  if (before !== undefined) where.and(`a.sequence < ${where.value(before[0])}`);
  const order = [...(spanned ? ['s.span'] : []), walked === undefined ? 'a.sequence' : 'c.sequence'];
  const sorted = `ORDER BY ${order.map((column) => `${column} DESC`).join(', ')}`;
  const from =
    query.every !== undefined
      ? sampled(where, model, query.every, walked, before)
      : spanned
        ? eventsOfSpans(where, ledger, rare, walked, before)
        : walked === undefined
          ? 'activity a'
          : eventsOfParty(where, ledger, walked, before);
  const { rows } = await db.query<ActivityRow>(
    `SELECT a.sequence, type, id, source, subject, actor, ${instantOf('occurred')} AS occurred, ${instantOf('recorded')} AS recorded,
       string_to_array(parties, E'\\t') AS parties, string_to_array(items, E'\\t') AS items, quantity,
       reason_code AS "reasonCode", note, ${takenBackBy(model, where)}
     FROM ${from} ${where.sql} ${query.every === undefined ? sorted : ''} LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageBySequence(rows, query);
}

interface ReasonsQuery extends PageQuery {
  readonly reasonCode?: ReasonCode | undefined;
  readonly type?: string | undefined;
}

/** The counts as they were then: a table like `reasons`, of the events that have a reason code. */
function countedThen(model: ReadModel, where: Where): string {
  const then = new Where(model.ledger, 'a', where.values).until(model, 'a').and('a.reason_code IS NOT NULL');
  then.and(`(a.voided_by IS NULL OR a.voided_by > ${then.value(model.asOf.known)})`);
  const { party } = model;
  then.only(party, (mine) => concerns(mine, 'a.sequence'));
  return `(SELECT a.ledger, ${where.value(party ?? '')}::text AS party, a.reason_code, a.type COLLATE "C" AS type, count(*)::bigint AS events,
      sum(a.quantity)::bigint AS quantity, max(a.sequence) AS last FROM activity a ${then.sql} GROUP BY a.ledger, a.reason_code, a.type)`;
}

/** Why things happened: the events of each reason code and type, counted. */
export async function reasons(model: ReadModel, query: ReasonsQuery): Promise<Page<ReasonRow>> {
  const { db, ledger, party } = model;
  const where = new Where(ledger, 'r');
  const table = isPast(model) ? countedThen(model, where) : 'reasons';
  where.equals('r.party', party ?? '').equals('r.reason_code', query.reasonCode);
  where.equals('r.type', query.type).after(['r.reason_code', 'r.type'], pageStart(query, ['', '']));
  const { rows } = await db.query<ReasonRow>(
    `SELECT reason_code AS "reasonCode", type, events, quantity, last FROM ${table} r ${where.sql}
     ORDER BY r.reason_code, r.type LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    ({ reasonCode, type }) => [reasonCode, type],
    (row) => row,
  );
}
