import type { Value } from './values.ts';

/** How a table keeps the values of a column, and how they travel to it: the values of many rows as one array. */
export interface Column<V> {
  /** The type in the table. */
  readonly type: string;
  /** The type of an element of the array. */
  readonly element: string;
  readonly nullable?: boolean;
  readonly byDefault?: string;
  /** Turns a value into an element … */
  write?(value: V): Value;
  /** … and this SQL turns the element into what the table keeps. */
  readonly read?: (element: string) => string;
  /** What a COPY has where it is not the element; undefined: it cannot have this value. */
  copy?(value: V): Value | undefined;
  /** Only for the compiler: what the values are. */
  readonly values?: V;
}

export type Columns = Readonly<Record<string, Column<unknown>>>;

/** Of every table, `ledger` is the first column, and leads the primary key and every index: it is not named here. */
export interface Declaration<C extends Columns> {
  readonly columns: C;
  readonly key: readonly (keyof C & string)[];
  /** Per cent of a page that is filled at first, so that a changed row stays on its page. */
  readonly fillfactor?: number;
  readonly indexes?: Readonly<Record<string, Index<keyof C & string>>>;
}

interface Index<C extends string> {
  readonly on: readonly C[];
  /** What is read with it, so that no row of the table is looked at. */
  readonly include?: readonly C[];
  readonly where?: string;
  /** Only questions read it, no batch does: a version that nobody asks yet is filled without it, and gets it when it has caught up. */
  readonly forQuestions?: true;
}

type ValuesOf<C> = C extends Column<infer V> ? V : never;
type Omittable<C extends Columns> = { [K in keyof C]: null extends ValuesOf<C[K]> ? K : never }[keyof C];

/** Some columns, each with what its value is in a row; null, where a statement leaves the stored value as it is. */
export type Some<C extends Columns, T> = { readonly [K in keyof C]?: (row: T) => ValuesOf<C[K]> | null };
/** All columns of a new row. */
export type All<C extends Columns, T> = { readonly [K in Omittable<C>]?: (row: T) => ValuesOf<C[K]> } & {
  readonly [K in Exclude<keyof C, Omittable<C>>]: (row: T) => ValuesOf<C[K]>;
};
