import { SPAN, type SpanOf } from '../postings/model.ts';
import { type SortKey, Where } from '../reading/page.ts';

export type Asked = Readonly<Partial<Record<SpanOf, string | undefined>>>;

/**
 * The spans `s` that have all of these, at least one, as SQL; what has no value is not asked for.
 *
 * @param start the sequence of the row that the page starts after
 */
export function spansHaving(
  ledger: string,
  values: unknown[],
  asked: Asked,
  start: SortKey | undefined,
  order: 'ASC' | 'DESC',
): string {
  const where = new Where(ledger, 's', values);
  let isFirst = true;
  for (const [what, value] of Object.entries(asked)) {
    if (value === undefined) continue;
    const one = where.value(value);
    where.and(
      isFirst
        ? `s.what = '${what}' AND s.value = ${one}`
        : `EXISTS (SELECT FROM spans o WHERE o.ledger = $1 AND o.what = '${what}' AND o.value = ${one} AND o.span = s.span)`,
    );
    isFirst = false;
  }
  if (start !== undefined)
    where.and(`s.span ${order === 'ASC' ? '>=' : '<='} ${where.value(start[0])}::bigint / ${SPAN}`);
  return `(SELECT s.span FROM spans s ${where.sql} ORDER BY s.span ${order}) s`;
}

/** That a row is in the span `s`: behind an OFFSET 0, so that spans are read first, and of them no more than a page needs. */
export const IN_SPAN = `sequence >= s.span * ${SPAN} AND sequence < (s.span + 1) * ${SPAN}`;
