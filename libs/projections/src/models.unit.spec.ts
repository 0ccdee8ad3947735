import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { tables } from './models.ts';

/** Statements without the layout in which they are written. */
const statements = (sql: string): string[] =>
  sql
    .split(';')
    .map((statement) => statement.replace(/\s+/g, ' ').trim())
    .filter((statement) => statement !== '')
    .sort();

describe('the tables of the read models', () => {
  it('are those of tables.sql, column for column, key for key and index for index', () => {
    const written = readFileSync(new URL('../tables.sql', import.meta.url), 'utf8');
    expect(statements(tables)).toEqual(statements(written));
  });

  it('have the ledger first in every key and index, so that one ledger’s rows can live apart from all others', () => {
    for (const statement of statements(tables).filter((one) => one.startsWith('CREATE'))) {
      const keys = [...statement.matchAll(/(?:PRIMARY KEY|ON \w+) \(([^,)]+)/g)].map(([, first]) => first);
      expect({ statement, keys }).toEqual({ statement, keys: ['ledger'] });
    }
  });
});
