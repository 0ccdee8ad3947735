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
 * - What was known ends in the stretch of one mark (`here`), or after the last of them. Where all of that stretch had occurred by then, the
 *   mark itself tells what was there when so much of it was known.
 * - Otherwise all postings before the stretch of the first mark of which the newest had not occurred by then (`upto`) count. Its row tells
 *   which of the stretch had occurred.
 * - After that stretch only late postings had occurred by then. Both marks tell it of those since the last whole block of them, and the
 *   whole blocks in between, up to `here`, say what those come to that had.
 * - What of the stretch of `here` had occurred by then and was not known, its row tells, too. What was known after the last mark is less than
 *   a stretch: each of these postings tells whether it had occurred.
 *
 * Little that an account has is added up without marks, and what nothing happened to since is as it is now.
 */
export function balanceThen(row: string, of: 'account' | 'total', moment: MomentSql, schema = ''): string {
  const { at, isHead } = moment;
  const known = `${moment.known}::bigint`;
  const number = `${row}.${of}`;
  const posted = (...and: string[]): string =>
    `coalesce((SELECT sum(booked.quantity) FROM ${schema}postings booked WHERE ${[
      ...[`booked.ledger = $1`, `booked.${of} = ${number}`],
      ...(at === undefined ? [] : [`booked.occurred <= ${at}::timestamptz`]),
      ...and,
    ].join(' AND ')}), 0)`;
  const key = of === 'account' ? number : `(-1 - ${number})`;
  const mark = (and: string, order: string): string =>
    `(SELECT m.* FROM ${schema}posting_marks m WHERE ${and} AND m.ledger = $1 AND m.key = ${key} ORDER BY ${order} LIMIT 1)`;
  const last = mark(`m.sequence <= ${known}`, 'm.sequence DESC, m.n DESC');
  // At the head all marks are known. Before it, the last one is looked for only where no later one is there.
  const here = isHead
    ? last
    : `(SELECT * FROM (${mark(`m.sequence > ${known}`, 'm.sequence, m.n')} UNION ALL ${last}) m LIMIT 1)`;
  const wasKnown = `booked.sequence <= ${known}`;
  const afterLast = posted(wasKnown, '(booked.sequence, booked.n) > (coalesce(here.sequence, 0), coalesce(here.n, 0))');
  const notKnown = `coalesce((SELECT sum((here.rest[i] - coalesce(here.rest[i + 1], 0))::int)
    FROM generate_series(1, width_bucket(${at ?? ''}::timestamptz, here.occurrences)) i
    WHERE here.places[i] > width_bucket(${known}, here.sequences)), 0)`;
  const within = (yes: string, no: string): string =>
    isHead ? no : `CASE WHEN here.sequence > ${known} THEN ${yes} ELSE ${no} END`;
  const whole = within(
    `coalesce(here.balances[width_bucket(${known}, here.sequences)], here.balance - here.rest[1])`,
    'coalesce(here.balance, 0)',
  );
  // Marks grow along both axes: where all had occurred by `here`, nobody looks for the first of which that is not so.
  const isPartly = `here.newest > ${at ?? ''}::timestamptz`;
  const summed =
    at === undefined
      ? `(SELECT ${whole} + ${within('0', afterLast)} FROM (SELECT) one LEFT JOIN LATERAL ${here} here ON true)`
      : `(SELECT CASE WHEN ${isPartly}
            THEN upto.balance - coalesce(upto.rest[1 + width_bucket(${at}::timestamptz, upto.occurrences)], 0) + ${late(key, at, schema)}
            ELSE ${whole} END
          + ${within(`CASE WHEN ${isPartly} THEN -${notKnown} ELSE 0 END`, afterLast)}
        FROM (SELECT) one LEFT JOIN LATERAL ${here} here ON true
          LEFT JOIN LATERAL ${mark(`${isPartly} AND m.newest > ${at}::timestamptz`, 'm.newest, m.sequence, m.n')} upto ON true)`;
  const asNow = !isHead
    ? ''
    : `WHEN ${at === undefined ? 'true' : `${row}.newest <= ${at}::timestamptz`} THEN ${row}.quantity`;
  return `(CASE ${asNow} WHEN ${row}.postings < ${SIZES.stretch} THEN ${posted(wasKnown)} ELSE ${summed} END)::bigint`;
}

/**
 * SQL for those late postings from mark `upto` to mark `here` that had occurred: what `here` says of those since a whole block, less what
 * `upto` says, and the blocks in between. As in a number of digits, small ones lead to the first larger one, and from the last larger one
 * to the end.
 */
function late(key: string, at: string, schema: string): string {
  const { few, blocks } = SIZES;
  const [smallest = few] = blocks;
  const those = (sum: string, table: string, and: string): string =>
    `coalesce((SELECT sum(${sum}) FROM ${schema}${table} l WHERE l.ledger = $1 AND l.key = ${key} AND ${and}), 0)`;
  const sinceWhole = (mark: string): string =>
    `coalesce(${mark}.late_sums[width_bucket(${at}::timestamptz, ${mark}.late_occurrences)], 0)`;
  const small = (from: string, after: string): string =>
    those(
      `l.sums[width_bucket(${at}::timestamptz, l.occurrences)]`,
      'late_blocks',
      `l.block >= ${from} AND l.block < ${after}`,
    );
  // In small blocks.
  const [first, after, larger] = [`upto.lates / ${few}`, `here.lates / ${few}`, smallest / few];
  const firstLarger = `(${first} + ${larger - 1}) / ${larger} * ${larger}`;
  const afterLarger = `${after} / ${larger} * ${larger}`;
  const sizes = blocks.map((size, n) => `(${size}, ${blocks[n + 1] ?? 2147483647}::bigint)`);
  return `${sinceWhole('here')} - ${sinceWhole('upto')} + CASE WHEN ${first} = ${after} THEN 0
      WHEN ${firstLarger} >= ${afterLarger} THEN ${small(first, after)}
      ELSE ${small(first, firstLarger)} + ${small(afterLarger, after)} + coalesce((
        SELECT sum((
          SELECT s.quantity FROM ${schema}late_sums s
          WHERE s.ledger = $1 AND s.key = ${key} AND s.size = b.size AND s.block = b.block AND s.occurred <= ${at}::timestamptz
          ORDER BY s.occurred DESC LIMIT 1))
        FROM (
          SELECT size, (w.first + size - 1) / size AS first, w.after / size AS after,
            (w.first + larger - 1) / larger * (larger / size) AS first_larger, w.after / larger * (larger / size) AS after_larger
          FROM (SELECT ${first} * ${few} AS first, ${after} * ${few} AS after OFFSET 0) w, (VALUES ${sizes.join(', ')}) sizes (size, larger)
          WHERE size <= w.after - w.first OFFSET 0
        ) l CROSS JOIN LATERAL (
          SELECT l.size, generate_series(l.first, least(l.first_larger, l.after) - 1) AS block
          UNION ALL SELECT l.size, generate_series(greatest(l.after_larger, l.first, least(l.first_larger, l.after)), l.after - 1)
        ) b), 0) END`;
}
