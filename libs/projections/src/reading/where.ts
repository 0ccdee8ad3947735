import type { Key } from './page.ts';

/** The conditions of one query and their parameters; the ledger is always the first, as in every index. */
export class Where {
  readonly values: unknown[];
  readonly #conditions: string[];

  constructor(ledger: string, table: string) {
    this.values = [ledger];
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

  and(condition: string): this {
    this.#conditions.push(condition);
    return this;
  }

  /** Only what sorts after `key`, for rows ordered by `columns` ascending. */
  after(columns: readonly string[], key: Key | undefined): this {
    if (key === undefined) return this;
    const values = key.map((value) => `${this.value(value)}${typeof value === 'number' ? '::bigint' : ''}`);
    return this.and(`(${columns.join(', ')}) > (${values.join(', ')})`);
  }

  get sql(): string {
    return `WHERE ${this.#conditions.join(' AND ')}`;
  }
}
