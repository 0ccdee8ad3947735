import pg from 'pg';
import type { Value } from './values.ts';

/** What `Connection` of pg has for COPY, and its types leave out. */
interface Copying extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/**
 * COPY with its rows in one write, without waiting until the server says that it is ready for them: what it gets after a COPY that it
 * refused, it passes over. So it may stand between other statements of a pipelined connection.
 */
class Copy extends pg.Query {
  // `text` and `rows` are names of pg's own.
  readonly #copy: string;
  readonly #lines: string;

  constructor(copy: string, lines: string, done: (error: Error | null | undefined) => void) {
    super(copy, done as never);
    this.#copy = copy;
    this.#lines = lines;
  }

  override readonly submit = (connection: pg.Connection): void => {
    const copying = connection as Copying;
    connection.query(this.#copy);
    copying.sendCopyFromChunk(Buffer.from(this.#lines));
    copying.endCopyFrom();
  };

  handleCopyInResponse(): void {
    // They are on their way.
  }
}

/** Runs a COPY of rows, written as `copiedRows` writes them. */
export const copyInto = (db: Pick<pg.ClientBase, 'query'>, text: string, rows: string): Promise<void> =>
  new Promise((resolve, reject) => {
    db.query(
      new Copy(text, rows, (error) => {
        if (error == null) resolve();
        else reject(error);
      }),
    );
  });

const NEEDS_CARE = /[\\\t\n\r\0]/;
const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  // PostgreSQL has no NUL in a text: as in `values.ts`.
  '\0': '\ufffd',
};

/** A value in a row of COPY's text format. */
function copied(value: Value): string | number | boolean {
  if (value === null) return '\\N';
  if (typeof value !== 'string' || !NEEDS_CARE.test(value)) return value;
  return value.replace(/[\\\t\n\r\0]/g, (found) => ESCAPED[found] ?? found);
}

/** Rows as COPY has them; undefined when it cannot have one of their values. */
export function copiedRows<T>(
  ledger: string,
  rows: readonly T[],
  columns: readonly ((row: T) => Value | undefined)[],
): string | undefined {
  const lines: string[] = [];
  const first = String(copied(ledger));
  for (const row of rows) {
    let line = first;
    for (const valueOf of columns) {
      const value = valueOf(row);
      if (value === undefined) return undefined;
      line += `\t${copied(value)}`;
    }
    lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}
