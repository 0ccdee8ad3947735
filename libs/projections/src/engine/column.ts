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
