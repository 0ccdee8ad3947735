import { SIZES } from './model.ts';

/** A moment on both axes of time, as SQL of one statement, in which `$1` is the ledger. */
interface MomentSql {
  readonly known: string;
  /** Undefined: whatever had occurred. */
  readonly at: string | undefined;
  /** Whether all that the ledger was told by now was known then. */
  readonly isHead: boolean;
}

/**
 * SQL for what was on an account, or what a total was, as of a moment. `row` is its row of now (`holdings` or `holding_totals`), `of` tells
 * which of the two. It looks at a bounded number of rows, and at a few blocks more for ten times as many postings:
 *
 * - All postings before the stretch of the first mark of which the newest had not occurred by then (`upto`) count. Its row tells which of the
 *   stretch had occurred.
 * - After that stretch only late postings had occurred by then. Whole blocks of them say what those come to that had, and the
 *   late ones around the blocks are looked at one by one, up to the last mark of what was known (`last`).
 * - What was known after `last` is less than a stretch: each of these tells whether it had occurred.
 *
 * Little that an account has is added up without marks, and what nothing happened to since is as it is now.
 */
export function balanceThen(row: string, of: 'account' | 'total', moment: MomentSql, schema = ''): string {
  const { at, known, isHead } = moment;
  const number = `${row}.${of}`;
  const posted = (...and: string[]): string =>
    `coalesce((SELECT sum(booked.quantity) FROM ${schema}postings booked WHERE ${[
      ...[`booked.ledger = $1`, `booked.${of} = ${number}`],
      ...(at === undefined ? [] : [`booked.occurred <= ${at}::timestamptz`]),
      ...and,
    ].join(' AND ')}), 0)`;
  const key = of === 'account' ? number : `(-1 - ${number})`;
  const mark = (columns: string, and: string, order: string): string =>
    `LEFT JOIN LATERAL (SELECT ${columns} FROM ${schema}posting_marks m WHERE m.ledger = $1 AND m.key = ${key} AND ${and} ORDER BY ${order} LIMIT 1)`;
  const last = `${mark('m.sequence, m.n, m.balance, m.lates', `m.sequence <= ${known}::bigint`, 'm.sequence DESC, m.n DESC')} last ON true`;
  const wasKnown = `booked.sequence <= ${known}::bigint`;
  const afterLast = posted(wasKnown, '(booked.sequence, booked.n) > (coalesce(last.sequence, 0), coalesce(last.n, 0))');
  const summed =
    at === undefined
      ? `(SELECT coalesce(last.balance, 0) + ${afterLast} FROM (SELECT) one ${last})`
      : `(SELECT CASE WHEN (upto.sequence, upto.n) <= (last.sequence, last.n)
            THEN upto.balance - coalesce(upto.rest[1 + width_bucket(${at}::timestamptz, upto.occurrences)], 0) + ${late(key, at, schema)}
            ELSE coalesce(last.balance, 0) END
          + ${afterLast}
        FROM (SELECT) one ${last}
          ${mark('m.*', `m.newest > ${at}::timestamptz`, 'm.newest, m.sequence, m.n')} upto ON true)`;
  const asNow = !isHead
    ? ''
    : `WHEN ${at === undefined ? 'true' : `${row}.newest <= ${at}::timestamptz`} THEN ${row}.quantity`;
  return `(CASE ${asNow} WHEN ${row}.postings < ${SIZES.stretch} THEN ${posted(wasKnown)} ELSE ${summed} END)::bigint`;
}

/**
 * SQL for those late postings from mark `upto` to mark `last` that had occurred: as in a number of digits, small blocks lead to the first
 * larger one, and from the last larger one to the end. Of the smallest blocks those that follow each other are read together.
 */
function late(key: string, at: string, schema: string): string {
  const [smallest = 1] = SIZES.blocks;
  const upTo = (n: string, size: number): string => `(${n} + ${size - 1}) / ${size} * ${size}`;
  const from = (n: string, size: number): string => `${n} / ${size} * ${size}`;
  const those = (sum: string, table: string, and: string): string =>
    `coalesce((SELECT sum(${sum}) FROM ${schema}${table} l WHERE l.ledger = $1 AND l.key = ${key} AND ${and}), 0)`;
  const each = (first: string, after: string): string =>
    `CASE WHEN ${first} < ${after} THEN ${those('l.quantity', 'late_postings', `l.rank >= ${first} AND l.rank < ${after} AND l.occurred <= ${at}::timestamptz`)} ELSE 0 END`;
  // From `first` to `after` there are whole blocks, if there is anything.
  const divided = (size: number, of: string): string =>
    `(SELECT *, greatest(${from('t', size)}, first) AS after FROM (SELECT *, least(${upTo('f', size)}, t) AS first FROM ${of} OFFSET 0) o OFFSET 0)`;
  const few = those(
    `l.sums[width_bucket(${at}::timestamptz, l.occurrences)]`,
    'late_blocks',
    `l.block >= r.first / ${SIZES.few} AND l.block < r.after / ${SIZES.few}`,
  );
  const sizes = SIZES.blocks.map((size, n) => `(${size}, ${SIZES.blocks[n + 1] ?? 2147483647}::bigint)`);
  return `(CASE WHEN last.lates = upto.lates THEN 0 ELSE (
      SELECT coalesce(sum(${each('r.f', 'r.first')} + ${each('r.after', 'r.t')} + CASE WHEN r.first < r.after THEN ${few} ELSE 0 END), 0)
      FROM ${divided(smallest, '(SELECT upto.lates AS f, last.lates AS t) w')} w
        CROSS JOIN LATERAL ${divided(SIZES.few, '(VALUES (w.f, w.first), (w.after, w.t)) v (f, t)')} r
    ) + CASE WHEN last.lates - upto.lates < ${smallest} THEN 0 ELSE coalesce((
      SELECT sum((
        SELECT s.quantity FROM ${schema}late_sums s
        WHERE s.ledger = $1 AND s.key = ${key} AND s.size = b.size AND s.block = b.block AND s.occurred <= ${at}::timestamptz
        ORDER BY s.occurred DESC LIMIT 1))
      FROM (
        SELECT size, (upto.lates + size - 1) / size AS first, last.lates / size AS after,
          (upto.lates + larger - 1) / larger * (larger / size) AS first_larger, last.lates / larger * (larger / size) AS after_larger
        FROM (VALUES ${sizes.join(', ')}) sizes (size, larger) WHERE size <= last.lates - upto.lates OFFSET 0
      ) l CROSS JOIN LATERAL (
        SELECT l.size, generate_series(l.first, least(l.first_larger, l.after) - 1) AS block
        UNION ALL SELECT l.size, generate_series(greatest(l.after_larger, l.first, least(l.first_larger, l.after)), l.after - 1)
      ) b), 0) END END)`;
}
