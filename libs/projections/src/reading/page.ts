import type { ReadModel } from './readModel.ts';

const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 1000;

export interface PageQuery {
  /** Rows a page: 1 to 1,000, 100 unless told. */
  readonly limit?: number | undefined;
  /** The `next` of the page before; opaque. */
  readonly cursor?: string | undefined;
}

export interface Page<R> {
  readonly data: readonly R[];
  /** Null on the last page. */
  readonly next: string | null;
  /** The sequence that the page is of, where that is not the newest: the pages of one walk are of one sequence. */
  readonly sequence?: number;
}

/** The cursor is not one that this list handed out, or no page can start there any more. */
export class BadCursor extends Error {
  constructor(why = 'not a cursor of this list') {
    super(why);
    this.name = 'BadCursor';
  }
}

/** The values that a list is sorted by, of one row: the next page starts after it. */
export type SortKey = readonly (string | number)[];

export const limitOf = ({ limit }: PageQuery): number => Math.min(Math.max(limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);

/**
 * The sort key of the row after which the page starts; undefined for the first page.
 *
 * @param like a sort key of this list, for its length and types
 * @throws {BadCursor}
 */
export function pageStart({ cursor }: PageQuery, like: SortKey): SortKey | undefined {
  if (cursor === undefined) return undefined;
  const key = decode(cursor);
  const fits =
    Array.isArray(key) && key.length === like.length && like.every((part, i) => typeof key[i] === typeof part);
  if (!fits) throw new BadCursor();
  return key as SortKey;
}

/**
 * Cuts a page out of rows of which one more than the limit was asked for.
 * @param most rows, where that is fewer than the query asks for
 */
export function pageOf<Row, R>(
  rows: readonly Row[],
  query: PageQuery,
  sortKey: (row: Row) => SortKey,
  shape: (row: Row) => R,
  most = Infinity,
): Page<R> {
  const limit = Math.min(limitOf(query), most);
  const kept = rows.slice(0, limit);
  const last = rows.length > limit ? kept.at(-1) : undefined;
  return { data: kept.map(shape), next: last === undefined ? null : cursorAfter(sortKey(last)) };
}

/** Lines of orders and shipments, legs of swaps … that one page has: a page is a few megabytes at most. */
const MAX_PARTS = 5_000;

interface Parts<P> {
  readonly parts: readonly P[];
  /** How many of the rows have all of their parts among these: the page ends after those. At least one, if there is a row. */
  readonly whole: number;
  /** The first row alone has more parts than these. */
  readonly partial: boolean;
}

/**
 * Reads what rows are made of, for as many of the first rows as one page may have.
 *
 * @param ids of the rows, in the order of the page
 * @param read parts of these rows, in the order of the rows, at most so many
 */
export async function partsOf<P>(
  ids: readonly string[],
  idOf: (part: P) => string,
  read: (ids: readonly string[], most: number) => Promise<P[]>,
): Promise<Parts<P>> {
  const parts = await read(ids, MAX_PARTS + 1);
  const last = parts.at(-1);
  if (parts.length <= MAX_PARTS || last === undefined) return { parts, whole: ids.length, partial: false };
  const whole = ids.indexOf(idOf(last));
  if (whole > 0) return { parts, whole, partial: false };
  return { parts: parts.slice(0, MAX_PARTS), whole: 1, partial: true };
}

/** What a row says of which not all parts are there. */
export const partialIf = (partial: boolean): { partial?: true } => (partial ? { partial } : {});

/** The cursor of the page that begins after the row of this key. */
export const cursorAfter = (key: SortKey): string => Buffer.from(JSON.stringify(key)).toString('base64url');

function decode(cursor: string): unknown {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    // A number beyond the integers or a NUL would be an error of the database, not of the cursor.
    return Array.isArray(key) &&
      key.some((part) => (typeof part === 'number' ? !Number.isSafeInteger(part) : hasNul(part)))
      ? undefined
      : key;
  } catch {
    throw new BadCursor();
  }
}

/** PostgreSQL has no text with a NUL. */
const hasNul = (part: unknown): boolean => typeof part === 'string' && part.includes('\0');

/** The conditions of one query and their parameters; the ledger is always the first, as in every index. */
export class Where {
  readonly values: unknown[];
  readonly #conditions: string[];

  /** @param values of the same statement, the ledger first, where it has several such conditions */
  constructor(ledger: string, table: string, values: unknown[] = [ledger]) {
    this.values = values;
    this.#conditions = [`${table}.ledger = $1`];
  }

  /** Adds a parameter and answers its placeholder. */
  value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  equals(column: string, value: string | number | undefined): this {
    return value === undefined ? this : this.and(`${column} = ${this.value(value)}`);
  }

  /** Only rows of events of the moment that is asked about: `table` has their sequence and when they occurred. */
  until({ asOf: { at, known }, sequence }: Pick<ReadModel, 'asOf' | 'sequence'>, table: string): this {
    if (known < sequence) this.and(`${table}.sequence <= ${this.value(known)}`);
    return at === undefined ? this : this.and(`${table}.occurred <= ${this.value(at)}`);
  }

  /** Only what is a party's own, where the question is asked for one. */
  only(party: string | undefined, condition: (party: string) => string): this {
    return party === undefined ? this : this.and(`(${condition(this.value(party))})`);
  }

  /** Only these, where the tables hold others for their sake. */
  among(column: string, ids: readonly string[] | undefined): this {
    return ids === undefined ? this : this.and(`${column} = ANY(${this.value(ids)})`);
  }

  and(condition: string): this {
    this.#conditions.push(condition);
    return this;
  }

  /** Only what sorts after `key`, for rows ordered by `columns` ascending. */
  after(columns: readonly string[], key: SortKey | undefined): this {
    if (key === undefined) return this;
    const values = key.map((value) => `${this.value(value)}${typeof value === 'number' ? '::bigint' : ''}`);
    return this.and(`(${columns.join(', ')}) > (${values.join(', ')})`);
  }

  get sql(): string {
    return `WHERE ${this.#conditions.join(' AND ')}`;
  }
}

/** Columns of an event `a` of `activity`: what took it back, as far as that was known, and what it takes back itself. */
export const takenBackBy = ({ asOf: { known } }: Pick<ReadModel, 'asOf'>, where: Where): string =>
  `CASE WHEN a.voided_by <= ${where.value(known)} THEN a.voided_by END AS "voidedBy", a.voids`;
