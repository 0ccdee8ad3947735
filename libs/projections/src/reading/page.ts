export const DEFAULT_LIMIT = 100;
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
}

/** The cursor is not one that this list handed out. */
export class BadCursor extends Error {
  constructor() {
    super('not a cursor of this list');
    this.name = 'BadCursor';
  }
}

/** Where a page starts: after the row with this key. A key is the values that the list is sorted by. */
export type Key = readonly (string | number)[];

export const limitOf = ({ limit }: PageQuery): number => Math.min(Math.max(limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);

/**
 * @param like a key of this list, for its length and types
 * @throws {BadCursor}
 */
export function keyOf({ cursor }: PageQuery, like: Key): Key | undefined {
  if (cursor === undefined) return undefined;
  const key = decode(cursor);
  const fits =
    Array.isArray(key) && key.length === like.length && like.every((part, i) => typeof key[i] === typeof part);
  if (!fits) throw new BadCursor();
  return key as Key;
}

/** Cuts a page out of rows of which one more than the limit was asked for. */
export function pageOf<Row, R>(
  rows: readonly Row[],
  query: PageQuery,
  cursorKey: (row: Row) => Key,
  shape: (row: Row) => R,
): Page<R> {
  const limit = limitOf(query);
  const kept = rows.slice(0, limit);
  const last = rows.length > limit ? kept.at(-1) : undefined;
  return { data: kept.map(shape), next: last === undefined ? null : encode(cursorKey(last)) };
}

const encode = (key: Key): string => Buffer.from(JSON.stringify(key)).toString('base64url');

function decode(cursor: string): unknown {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    // A number beyond the integers would be an error of the database, not of the cursor.
    return Array.isArray(key) && key.some((part) => typeof part === 'number' && !Number.isSafeInteger(part))
      ? undefined
      : key;
  } catch {
    throw new BadCursor();
  }
}
