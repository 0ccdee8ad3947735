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
 * - All postings up to a mark of which the newest had occurred by then count: `done` is the last such mark. In the stretch after it, each
 *   posting tells whether it had occurred.
 * - After that stretch only late postings had occurred by then. Whole blocks of them say what those come to that had, and the
 *   late ones around the blocks are looked at one by one, up to the last mark of what was known (`last`).
 * - What was known after that mark is less than a stretch: each of these tells whether it had occurred.
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
  // One bound: of two, PostgreSQL reads up to the first that it is told.
  const isUpTo = `upto.sequence <= ${known}::bigint`;
  const inStretch = posted(
    '(booked.sequence, booked.n) > (coalesce(done.sequence, 0), coalesce(done.n, 0))',
    `(booked.sequence, booked.n) <= (CASE WHEN ${isUpTo} THEN upto.sequence ELSE ${known}::bigint END, CASE WHEN ${isUpTo} THEN upto.n ELSE 2147483647 END)`,
  );
  const summed =
    at === undefined
      ? `(SELECT coalesce(last.balance, 0) + ${afterLast} FROM (SELECT) one ${last})`
      : `(SELECT coalesce(done.balance, 0)
          + ${inStretch}
          + CASE WHEN (upto.sequence, upto.n) <= (last.sequence, last.n) THEN ${afterLast} + ${late(key, at, schema)} ELSE 0 END
        FROM (SELECT) one ${last}
          ${mark('m.sequence, m.n, m.balance', `m.newest <= ${at}::timestamptz`, 'm.newest DESC, m.sequence DESC, m.n DESC')} occurred ON true
          LEFT JOIN LATERAL (
            SELECT ${['sequence', 'n', 'balance']
              .map(
                (column) =>
                  `CASE WHEN known THEN occurred.${column} WHEN NOT known THEN last.${column} END AS ${column}`,
              )
              .join(', ')}
            FROM (SELECT (occurred.sequence, occurred.n) <= (last.sequence, last.n) AS known) either
          ) done ON true
          ${mark('m.sequence, m.n, m.lates', '(m.sequence, m.n) > (coalesce(done.sequence, 0), coalesce(done.n, 0))', 'm.sequence, m.n')} upto ON true)`;
  const asNow = !isHead
    ? ''
    : `WHEN ${at === undefined ? 'true' : `${row}.newest <= ${at}::timestamptz`} THEN ${row}.quantity`;
  return `(CASE ${asNow} WHEN ${row}.postings < ${SIZES.stretch} THEN ${posted(wasKnown)} ELSE ${summed} END)::bigint`;
}

/**
 * SQL for those late postings from mark `upto` to mark `last` that had occurred: as in a number of digits, small blocks lead to the first
 * larger one, and from the last larger one to the end.
 */
function late(key: string, at: string, schema: string): string {
  const [smallest = 1] = SIZES.blocks;
  const one = (from: string, to: string): string =>
    `coalesce((SELECT sum(l.quantity) FROM ${schema}late_postings l
      WHERE l.ledger = $1 AND l.key = ${key} AND l.rank >= ${from} AND l.rank < ${to} AND l.occurred <= ${at}::timestamptz), 0)`;
  const first = `((upto.lates + ${smallest - 1}) / ${smallest} * ${smallest})`;
  const sizes = SIZES.blocks.map((size, n) => `(${size}, ${SIZES.blocks[n + 1] ?? 2147483647}::bigint)`);
  return `(CASE WHEN last.lates = upto.lates THEN 0 WHEN last.lates < ${first} THEN ${one('upto.lates', 'last.lates')}
    ELSE ${one('upto.lates', first)} + ${one(`last.lates / ${smallest} * ${smallest}`, 'last.lates')} + coalesce((
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
      ) b), 0) END)`;
}
