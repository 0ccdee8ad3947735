import { Turns } from '#platform/service/turns';
import type { Db } from '../reading/readModel.ts';
import type { All, Column, Columns, Declaration, Some } from './column.ts';
import { copiedRows } from './copy.ts';
import {
  arrayLiteral,
  copiedMoment,
  copiedMoments,
  farMomentOf,
  momentOf,
  momentsOf,
  storableDay,
  type Value,
} from './values.ts';

/** Ids are compared byte by byte, so that a list is sorted the same on every machine. */
const ID = 'text COLLATE "C"';
export const id: Column<string> = { type: ID, element: 'text' };
export const text: Column<string> = { type: 'text', element: 'text' };
export const int: Column<number> = { type: 'int', element: 'int' };
export const bigint: Column<number> = { type: 'bigint', element: 'bigint' };
export const bool: Column<boolean> = { type: 'boolean', element: 'bool' };
/** A day, as text. */
export const day: Column<string> = { type: 'date', element: 'date', write: storableDay };
/** A moment, in microseconds since 1970. */
export const moment: Column<number> = { type: 'timestamptz', element: 'float8', read: momentOf, copy: copiedMoment };
/** A moment that may be thousands of years away: its microseconds as digits, since a number holds them until 2255 only. */
export const farMoment: Column<string> = {
  type: 'timestamptz',
  element: 'numeric',
  read: farMomentOf,
  copy: () => undefined,
};
// An array of arrays has to be a rectangle: so each of these travels as text.
const array = <T extends Value>(type: string): Column<readonly T[]> => ({
  type: `${type}[]`,
  element: 'text',
  write: arrayLiteral,
  read: (element) => `${element}::${type}[]`,
});
export const texts = array<string>('text');
export const ints = array<number>('int');
export const bigints = array<number>('bigint');
export const moments: Column<readonly number[]> = {
  type: 'timestamptz[]',
  element: 'text',
  write: arrayLiteral,
  read: momentsOf,
  copy: copiedMoments,
};

export const optional = <V>(column: Column<V>): Column<V | null> => ({
  ...(column as Column<V | null>),
  nullable: true,
});

/** A column that may be left out; it is then this SQL. */
export const withDefault = <V>(column: Column<V>, byDefault: string): Column<V | null> => ({
  ...(column as Column<V | null>),
  byDefault,
});

/**
 * Rows that one statement takes. Many are divided among several statements, so that neither side works on them for long at a time: the
 * time of a statement is bounded, whatever the size of a batch.
 */
const AT_ONCE = 1_000;
/** More than these are copied. Of so few the statement is prepared. */
const FEW = 100;

/**
 * Runs over rows of one ledger; not at all when there are none. Statements about different rows may run in any number: none of them says
 * anything about two rows at a time.
 */
type Statement<T, R = unknown> = (db: Db, ledger: string, rows: readonly T[]) => Promise<R[]>;

/**
 * Runs statements in this order, each over its rows. Those of few rows go out together, without a trip to the database between them; many
 * rows go out in several turns, which the next statement waits for.
 */
export async function inOrder<Rows extends readonly unknown[]>(
  db: Db,
  ledger: string,
  ...steps: { readonly [K in keyof Rows]: readonly [Statement<Rows[K]>, readonly Rows[K][]] }
): Promise<void> {
  const running: Promise<unknown>[] = [];
  for (const [statement, rows] of steps) {
    const run = statement(db, ledger, rows);
    // Its failure is thrown below.
    run.catch(() => undefined);
    running.push(run);
    if (rows.length > AT_ONCE) await run;
  }
  await Promise.all(running);
}

/**
 * A table of a read model. Its columns are declared once: the table, its statements and their parameters are all made from them. In a
 * statement `stored` is a row of the table, `given` one that the statement runs over, and `$1` the ledger.
 */
export class Table<C extends Columns> {
  constructor(
    readonly name: string,
    private readonly declaration: Declaration<C>,
  ) {}

  /** Makes the table and its indexes. */
  get ddl(): string {
    return [this.toFill, ...this.forQuestions.values()].join('\n');
  }

  /** Makes the table with what batches need. */
  get toFill(): string {
    const { columns, key, fillfactor } = this.declaration;
    const lines = Object.entries(columns).map(
      ([name, { type, nullable, byDefault }]) =>
        `${quoted(name)} ${type}${nullable === true ? '' : ' NOT NULL'}${byDefault === undefined ? '' : ` DEFAULT ${byDefault}`}`,
    );
    const body = [`ledger ${ID} NOT NULL`, ...lines, `PRIMARY KEY (${['ledger', ...key].map(quoted).join(', ')})`];
    return [
      `CREATE TABLE ${this.name} (\n  ${body.join(',\n  ')}\n)${fillfactor === undefined ? '' : ` WITH (fillfactor = ${fillfactor})`};`,
      // Statistics of ledgers that were there say that a new one has no rows. Any index does for no rows: a batch then read the whole of its
      // ledger for each row. Without them each ledger is taken for a two-hundredth of the table (decision 044).
      `ALTER TABLE ${this.name} ALTER ledger SET STATISTICS 0;`,
      ...this.#indexes(false).values(),
    ].join('\n');
  }

  /** By their names, what makes the indexes that only questions read. */
  get forQuestions(): ReadonlyMap<string, string> {
    return this.#indexes(true);
  }

  #indexes(areForQuestions: boolean): Map<string, string> {
    const own = Object.entries(this.declaration.indexes ?? {}).filter(
      ([, { forQuestions = false }]) => forQuestions === areForQuestions,
    );
    return new Map(
      own.map(([name, { on, include = [], where }]) => [
        name,
        `CREATE INDEX ${name} ON ${this.name} (${['ledger', ...on].map(quoted).join(', ')})${include.length === 0 ? '' : ` INCLUDE (${include.map(quoted).join(', ')})`}${where === undefined ? '' : ` WHERE ${where}`};`,
      ]),
    );
  }

  /** Many rows at a time are copied: it costs the database half of what rows out of arrays do. */
  insert<T>(values: All<C, T>): Statement<T> {
    const few = this.#insert<T>(values, '');
    const columns = this.#travelling<T>(values, true);
    const copy = `COPY ${this.name} (${['ledger', ...Object.keys(values)].map(quoted).join(', ')}) FROM STDIN`;
    return (db, ledger, rows) =>
      db.copy === undefined || rows.length <= FEW
        ? few(db, ledger, rows)
        : inParts(rows, async (part) => {
            const text = copiedRows(ledger, part, columns);
            if (text === undefined) return few(db, ledger, part);
            await db.copy?.(copy, text);
            return [];
          });
  }

  /** Leaves a row as it is that is there already. */
  insertNew<T>(values: All<C, T>): Statement<T> {
    return this.#insert(values, ' ON CONFLICT DO NOTHING');
  }

  /** Puts these columns of a row that is there already to the given values: all but the key unless told. */
  upsert<T>(values: All<C, T>, replaced = this.#besidesKey(values)): Statement<T> {
    return this.#insert(values, this.#onConflict(replaced.map((name) => `${quoted(name)} = excluded.${quoted(name)}`)));
  }

  /** Adds these columns to those of a row that is there already, and keeps the greatest of others. */
  add<T>(
    values: All<C, T>,
    added: readonly (keyof C & string)[],
    greatest: readonly (keyof C & string)[] = [],
  ): Statement<T> {
    const set = [
      ...added.map((name) => `${quoted(name)} = stored.${quoted(name)} + excluded.${quoted(name)}`),
      ...greatest.map((name) => `${quoted(name)} = greatest(stored.${quoted(name)}, excluded.${quoted(name)})`),
    ];
    return this.#insert(values, this.#onConflict(set));
  }

  /** Sets all given columns but those of the key, or what `set` says, of rows that have the given part of the key. */
  update<T>(values: Some<C, T>, set?: Partial<Record<keyof C & string, string>>, and = ''): Statement<T> {
    const changes: [string, string | undefined][] =
      set === undefined ? this.#besidesKey(values).map((name) => [name, `given.${quoted(name)}`]) : Object.entries(set);
    const assigned = changes.map(([name, value]) => `${quoted(name)} = ${value ?? ''}`).join(', ');
    return this.over(
      values,
      (given) => `UPDATE ${this.name} stored SET ${assigned} FROM ${given} WHERE ${this.#matches(values)}${and}`,
    );
  }

  /** Deletes rows that have the given part of the key. */
  remove<T>(values: Some<C, T>, and = ''): Statement<T> {
    return this.over(
      values,
      (given) => `DELETE FROM ${this.name} stored USING ${given} WHERE ${this.#matches(values)}${and}`,
    );
  }

  /** A statement of its own over given rows: `sql` gets what stands after FROM. Only the given columns travel. */
  over<T, R = unknown>(values: Some<C, T>, sql: (given: string) => string): Statement<T, R> {
    const named = this.#named(values);
    const arrays = named.map(([, { element }], i) => `$${i + 2}::${element}[]`);
    const rows = `unnest(${arrays.join(', ')}) AS given (${named.map(([name]) => quoted(name)).join(', ')})`;
    const read = named.map(([name, column]) =>
      column.read === undefined ? quoted(name) : `${column.read(quoted(name))} AS ${quoted(name)}`,
    );
    const asTheyAre = named.every(([, column]) => column.read === undefined);
    const statement = sql(asTheyAre ? rows : `(SELECT ${read.join(', ')} FROM ${rows}) AS given`);
    const travelling = this.#travelling<T>(values, false) as ((row: T) => Value)[];
    const run = async (db: Db, ledger: string, some: readonly T[]): Promise<R[]> => {
      const parameters = [ledger, ...travelling.map((value) => arrayLiteral(some.map(value)))];
      return (await db.query<R & object>(statement, parameters)).rows;
    };
    return (db, ledger, rows) => inParts(rows, (part) => run(db, ledger, part));
  }

  #insert<T>(values: Some<C, T>, onConflict: string): Statement<T> {
    const names = this.#named(values).map(([name]) => quoted(name));
    return this.over(
      values,
      (given) =>
        `INSERT INTO ${this.name} AS stored (ledger, ${names.join(', ')}) SELECT $1, given.* FROM ${given}${onConflict}`,
    );
  }

  /** What travels of each column: the element of an array, or what a COPY has. */
  #travelling<T>(values: Some<C, T>, copying: boolean): ((row: T) => Value | undefined)[] {
    return this.#named(values).map(([name, column]) => {
      const valueOf = values[name] as (row: T) => Value;
      const isCopied = copying && column.copy !== undefined;
      if (!isCopied && column.write === undefined) return valueOf;
      const written = (value: Value) => (isCopied ? column.copy?.(value) : column.write?.(value));
      return (row) => {
        const value = valueOf(row);
        return value === null ? null : written(value);
      };
    });
  }

  #onConflict(set: readonly string[]): string {
    const key = ['ledger', ...this.declaration.key].map(quoted);
    return ` ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${set.join(', ')}`;
  }

  /** The first of the key is named as an array, too: so that an index is the way to the rows also while a table has no statistics. */
  #matches(values: object): string {
    const names = Object.keys(values);
    const [first = '', ...rest] = this.declaration.key.filter((name) => name in values);
    const any = `$${names.indexOf(first) + 2}::${this.declaration.columns[first].element}[]`;
    return [
      'stored.ledger = $1',
      `stored.${quoted(first)} = ANY(${any})`,
      ...[first, ...rest].map((name) => `stored.${quoted(name)} = given.${quoted(name)}`),
    ].join(' AND ');
  }

  #named<T>(values: Some<C, T>): [name: string, column: Column<unknown>][] {
    const { columns } = this.declaration;
    return Object.keys(values).map((name) => {
      const column = columns[name];
      if (column === undefined) throw new Error(`the table ${this.name} has no column ${name}`);
      return [name, column];
    });
  }

  #besidesKey(values: object): readonly (keyof C & string)[] {
    return Object.keys(values).filter((name) => !this.declaration.key.includes(name));
  }
}

/** Runs a statement over a part of the rows after the other, without waiting for what the one before it answers. */
async function inParts<T, R>(rows: readonly T[], run: (part: readonly T[]) => Promise<R[]>): Promise<R[]> {
  if (rows.length === 0) return [];
  if (rows.length <= AT_ONCE) return run(rows);
  const turns = new Turns();
  const running: Promise<R[]>[] = [];
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    await turns.next();
    const part = run(rows.slice(from, from + AT_ONCE));
    // Its failure is thrown below.
    part.catch(() => undefined);
    running.push(part);
  }
  return (await Promise.all(running)).flat();
}

/** The one name of a column that SQL keeps for itself. */
const quoted = (name: string): string => (name === 'order' ? '"order"' : name);
