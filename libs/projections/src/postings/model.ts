import { keyOf } from '#contracts/scalars';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Posting } from '../engine/batch.ts';
import { bigint, bigints, id, int, ints, moment, moments, Table } from '../engine/table.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';

// `balance` is the account's after this posting, in sequence order. `occurred` repeats the event's. `n` counts the postings of one
// event: from and to of its first move, then of its second. `total` is the total that its account is a part of.
export const postings = new Table('postings', {
  columns: { sequence: bigint, n: int, account: int, total: int, quantity: int, balance: bigint, occurred: moment },
  key: ['sequence', 'n'],
  indexes: {
    postings_account: { on: ['account', 'sequence', 'n'] },
    // A question about many totals reads a few postings of each: without their rows, which lie anywhere.
    postings_total: { on: ['total', 'sequence', 'n'], include: ['occurred', 'quantity'], forQuestions: true },
  },
});

// What a balance of the past is found by, whatever the number of its postings (`balance.ts` reads it). `key` is an account, or a total
// (`totalMark`). All four are only added to.

// After each stretch of an account's or a total's postings: what is there then, and the newest that had occurred. `occurrences` are those of
// the stretch, sorted; `rest` has for each of them what it and those after it come to. So one row tells what of its stretch had occurred. It
// also tells what of it was known: `sequences` are those of its postings, in their order, and `balances` has what was there after each of them;
// `places` says of each of the sorted occurrences which of these postings it is of, from 1 on.
// `late_occurrences` are those of the late postings that no whole block has at its end, sorted, and `late_sums` what they come to by each.
const marks = new Table('posting_marks', {
  columns: {
    ...{ key: int, sequence: bigint, n: int, newest: moment, balance: bigint, lates: int },
    ...{ occurrences: moments, rest: bigints },
    ...{ sequences: bigints, balances: bigints, places: ints },
    ...{ late_occurrences: moments, late_sums: bigints },
  },
  key: ['key', 'sequence', 'n'],
  indexes: { posting_marks_newest: { on: ['key', 'newest', 'sequence', 'n'] } },
});

// Postings that occurred before the newest of a mark before their stretch, in sequence order. `lates` of a mark counts them.
const latePostings = new Table('late_postings', {
  columns: { key: int, rank: int, occurred: moment, quantity: int },
  key: ['key', 'rank'],
});

// Of a few late postings that follow each other, the `block`th such: when they occurred, sorted, and what those come to that had by each.
const lateBlocks = new Table('late_blocks', {
  columns: { key: int, block: int, occurrences: moments, sums: bigints },
  key: ['key', 'block'],
});

// The same of `size` of them, with a row for each occurrence.
const lateSums = new Table('late_sums', {
  columns: { key: int, size: int, block: int, occurred: moment, quantity: bigint },
  key: ['key', 'size', 'block', 'occurred'],
});

/** How many postings a stretch has, and how many late ones a block of each size: each is a multiple of the one before. Tests use smaller ones. */
export const SIZES = { stretch: 32, few: 32, blocks: [256, 4_096, 65_536] };

/** The key by which a total has its marks. No account has a negative number. */
export const totalMark = (total: number): number => -1 - total;

/** Whether a stretch ends with one of the last postings, of so many that there are now. */
export const endsStretch = (now: number, added = 1): boolean => now % SIZES.stretch < added;

export type Mark = Readonly<
  Record<'key' | 'sequence' | 'n' | 'newest' | 'balance' | 'lates', number> &
    Record<
      'occurrences' | 'rest' | 'sequences' | 'balances' | 'places' | 'lateOccurrences' | 'lateSums',
      readonly number[]
    >
>;
export const insertMarks = marks.insert<Mark>({
  key: ({ key }) => key,
  sequence: ({ sequence }) => sequence,
  n: ({ n }) => n,
  newest: ({ newest }) => newest,
  balance: ({ balance }) => balance,
  lates: ({ lates }) => lates,
  occurrences: ({ occurrences }) => occurrences,
  rest: ({ rest }) => rest,
  sequences: ({ sequences }) => sequences,
  balances: ({ balances }) => balances,
  places: ({ places }) => places,
  late_occurrences: ({ lateOccurrences }) => lateOccurrences,
  late_sums: ({ lateSums }) => lateSums,
});

export type LatePosting = Readonly<Record<'key' | 'rank' | 'occurred' | 'quantity', number>>;
export const insertLate = latePostings.insert<LatePosting>({
  key: ({ key }) => key,
  rank: ({ rank }) => rank,
  occurred: ({ occurred }) => occurred,
  quantity: ({ quantity }) => quantity,
});

const insert = postings.insert<Posting>({
  sequence: ({ sequence }) => sequence,
  n: ({ n }) => n,
  account: ({ account }) => account.id,
  total: ({ account }) => account.total,
  quantity: ({ quantity }) => quantity,
  balance: ({ balance }) => balance,
  occurred: ({ occurred }) => occurred,
});

export const postingsModel: Model = {
  tables: [postings, marks, latePostings, lateBlocks, lateSums],
  apply: (batch, db) => insert(db, batch.ledger, batch.postings),
};

/** So many events that follow each other. A page of 100 rows reads 100 spans at the most, which takes some milliseconds. */
export const SPAN = 64;

// In which spans there is an event of a type, a source or an item, or a posting of a line: so what is rare is found without looking through
// the ledger. What is common has a row a span, and not an index entry an event (decision 054).
export const spans = new Table('spans', {
  columns: { what: id, value: id, span: bigint },
  key: ['what', 'value', 'span'],
});

export type SpanOf = 'type' | 'source' | 'item' | 'line';

interface Said {
  readonly what: SpanOf;
  readonly value: string;
  readonly span: number;
}

export const insertSpans = spans.insertNew<Said>({
  what: ({ what }) => what,
  value: ({ value }) => value,
  span: ({ span }) => span,
});

/** What is in the spans of these events and postings, each once. */
export function spansOf(
  events: readonly { readonly event: LedgerEvent; readonly items: readonly string[] }[],
  postings: readonly Posting[],
): Said[] {
  const found = new Map<string, Said>();
  const say = (what: SpanOf, value: string, sequence: number) => {
    const span = Math.floor(sequence / SPAN);
    const key = keyOf(what, value, String(span));
    if (!found.has(key)) found.set(key, { what, value, span });
  };
  for (const { event, items } of events) {
    say('type', event.type, event.sequence);
    say('source', event.source, event.sequence);
    for (const item of items) say('item', item, event.sequence);
  }
  for (const { sequence, account } of postings) say('line', account.account.line, sequence);
  return [...found.values()];
}

/** Makes the marks of all totals, of postings that were filled in without them. */
export async function markTotals(db: Db, ledger: string): Promise<void> {
  const { rows } = await db.query<{ total: number }>(
    'SELECT total FROM holding_totals WHERE ledger = $1 AND postings >= $2',
    [ledger, SIZES.stretch],
  );
  await markPostings(
    db,
    ledger,
    rows.map(({ total }) => totalMark(total)),
  );
}

/** Makes the marks of accounts and totals of which stretches ended. All postings before them are in the table. */
export async function markPostings(db: Db, ledger: string, keys: Iterable<number>): Promise<void> {
  const ended = [...new Set(keys)].map((key) => ({ key }));
  if (ended.length === 0) return;
  await sumLate(db, ledger, await mark(db, ledger, ended));
}

/** Sums the blocks that the late postings of keys have filled. */
export async function sumLate(db: Db, ledger: string, late: readonly Late[]): Promise<void> {
  await sumFew(
    db,
    ledger,
    late.flatMap((one) => blocksEnded(one, SIZES.few)),
  );
  await sumBlocks(
    db,
    ledger,
    late.flatMap((one) => SIZES.blocks.flatMap((size) => blocksEnded(one, size))),
  );
}

interface Late {
  readonly key: number;
  /** How many there were before, and are now. */
  readonly before: number;
  readonly now: number;
}

/** SQL for the late postings since the last whole block: those that the mark before has, and those of the stretch. */
const lateSinceWhole = (): string => `
        SELECT coalesce(array_agg(occurred ORDER BY occurred, n), '{}') AS occurrences, coalesce(array_agg(sum ORDER BY occurred, n), '{}') AS sums
        FROM (
          SELECT occurred, n, (sum(quantity) OVER (ORDER BY occurred, n))::bigint AS sum FROM (
            SELECT occurred, sum - lag(sum, 1, 0::bigint) OVER (ORDER BY n) AS quantity, n
            FROM unnest(m.before, m.before_sums) WITH ORDINALITY AS b (occurred, sum, n)
            UNION ALL SELECT occurred, quantity, ${SIZES.few} + n
            FROM unnest(m.added, m.added_quantities) WITH ORDINALITY AS a (occurred, quantity, n)
          ) of
        ) summed`;

/** The postings after the last mark, of which whole stretches are marked. No join looks for one of them: all that is said of them is windows. */
const mark = (db: Db, ledger: string, keys: readonly { key: number }[]): Promise<Late[]> =>
  marks.over<{ key: number }, Late>(
    { key: ({ key }) => key },
    (given) => `
    WITH last AS (
      SELECT given.key, coalesce(m.sequence, 0) AS sequence, coalesce(m.n, 0) AS n, coalesce(m.newest, '-infinity') AS newest,
        coalesce(m.balance, 0) AS balance, coalesce(m.lates, 0) AS lates, m.late_occurrences, m.late_sums
      FROM ${given} LEFT JOIN LATERAL (
        SELECT * FROM posting_marks WHERE ledger = $1 AND key = given.key ORDER BY sequence DESC, n DESC LIMIT 1
      ) m ON true
    ), posted AS (
      SELECT l.key, l.newest, l.lates, l.late_occurrences, l.late_sums, p.sequence, p.n, p.occurred, p.quantity, l.balance + sum(p.quantity) OVER so_far AS balance,
        row_number() OVER so_far AS row, count(*) OVER (PARTITION BY l.key) AS rows
      FROM last l CROSS JOIN LATERAL (
        SELECT * FROM postings WHERE l.key >= 0 AND ledger = $1 AND account = l.key AND (sequence, n) > (l.sequence, l.n)
        UNION ALL
        SELECT * FROM postings WHERE l.key < 0 AND ledger = $1 AND total = -1 - l.key AND (sequence, n) > (l.sequence, l.n)
      ) p
      WINDOW so_far AS (PARTITION BY l.key ORDER BY p.sequence, p.n)
    ), whole AS (
      SELECT *, greatest(newest, max(occurred) OVER (PARTITION BY key ORDER BY row)) AS newest_now,
        occurred < greatest(newest, max(occurred) OVER (
          PARTITION BY key ORDER BY (row - 1) / ${SIZES.stretch} RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS late
      FROM posted WHERE row <= rows / ${SIZES.stretch} * ${SIZES.stretch}
    ), ranked AS (
      SELECT *, (row - 1) / ${SIZES.stretch} AS stretch, lates + count(*) FILTER (WHERE late) OVER (PARTITION BY key ORDER BY row) AS lates_now,
        sum(quantity) OVER (PARTITION BY key, (row - 1) / ${SIZES.stretch} ORDER BY occurred DESC, row DESC) AS rest
      FROM whole
    ), told_late AS (
      INSERT INTO late_postings (ledger, key, rank, occurred, quantity)
      SELECT $1, key, lates_now - 1, occurred, quantity FROM ranked WHERE late
    ), marked AS (
      INSERT INTO posting_marks (ledger, key, sequence, n, newest, balance, lates, occurrences, rest, sequences, balances, places, late_occurrences, late_sums)
      SELECT $1, m.key, m.sequence, m.n, m.newest, m.balance, m.lates, m.occurrences, m.rest, m.sequences, m.balances, m.places, l.occurrences, l.sums
      FROM (
        SELECT key, max(sequence) AS sequence, max(n) FILTER (WHERE is_last) AS n, max(newest_now) AS newest,
          max(balance) FILTER (WHERE is_last) AS balance, max(lates_now) AS lates,
          array_agg(occurred ORDER BY occurred, row) AS occurrences, array_agg(rest ORDER BY occurred, row) AS rest,
          array_agg(sequence ORDER BY row) AS sequences, array_agg(balance ORDER BY row) AS balances,
          array_agg(((row - 1) % ${SIZES.stretch} + 1)::int ORDER BY occurred, row) AS places,
          max(late_occurrences) FILTER (WHERE is_last AND goes_on) AS before, max(late_sums) FILTER (WHERE is_last AND goes_on) AS before_sums,
          max(added) FILTER (WHERE is_last) AS added, max(added_quantities) FILTER (WHERE is_last) AS added_quantities
        FROM (
          SELECT *, row % ${SIZES.stretch} = 0 AS is_last, lates_now / ${SIZES.few} = lates / ${SIZES.few} AS goes_on,
            array_agg(occurred) FILTER (WHERE late AND lates_now % ${SIZES.few} > 0) OVER since_whole AS added,
            array_agg(quantity) FILTER (WHERE late AND lates_now % ${SIZES.few} > 0) OVER since_whole AS added_quantities
          FROM ranked WINDOW since_whole AS (PARTITION BY key, lates_now / ${SIZES.few} ORDER BY row)
        ) r GROUP BY key, stretch
      ) m CROSS JOIN LATERAL (
        ${lateSinceWhole()}
      ) l
    )
    SELECT key, lates AS before, max(lates_now) AS now FROM ranked GROUP BY key, lates HAVING max(lates_now) > lates`,
  )(db, ledger, keys);

interface Block {
  readonly key: number;
  readonly size: number;
  readonly block: number;
}

function blocksEnded({ key, before, now }: Late, size: number): Block[] {
  const [from, to] = [Math.floor(before / size), Math.floor(now / size)];
  return Array.from({ length: to - from }, (_, n) => ({ key, size, block: from + n }));
}

const LATE_OF_BLOCK = `CROSS JOIN LATERAL (
      SELECT rank, occurred, quantity FROM late_postings
      WHERE ledger = $1 AND key = given.key AND rank >= given.block * given.size AND rank < (given.block + 1) * given.size OFFSET 0
    ) l`;

const sumFew = lateSums.over<Block>(
  { key: ({ key }) => key, size: ({ size }) => size, block: ({ block }) => block },
  (given) => `
    INSERT INTO late_blocks (ledger, key, block, occurrences, sums)
    SELECT $1, key, block, array_agg(occurred ORDER BY occurred, rank), array_agg(sum ORDER BY occurred, rank) FROM (
      SELECT given.key, given.block, l.occurred, l.rank,
        sum(l.quantity) OVER (PARTITION BY given.key, given.block ORDER BY l.occurred, l.rank) AS sum
      FROM ${given} ${LATE_OF_BLOCK}
    ) l GROUP BY key, block`,
);

const sumBlocks = lateSums.over<Block>(
  { key: ({ key }) => key, size: ({ size }) => size, block: ({ block }) => block },
  (given) => `
    INSERT INTO late_sums (ledger, key, size, block, occurred, quantity)
    SELECT $1, given.key, given.size, given.block, l.occurred,
      sum(sum(l.quantity)) OVER (PARTITION BY given.key, given.size, given.block ORDER BY l.occurred)
    FROM ${given} ${LATE_OF_BLOCK}
    GROUP BY given.key, given.size, given.block, l.occurred`,
);
