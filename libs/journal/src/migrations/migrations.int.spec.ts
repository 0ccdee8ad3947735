import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { freshDatabase } from '#test/setup/freshDatabase';
import type { SerialRange } from '#contracts/serials';
import { readTree } from '../tree.ts';
import { eachUnit } from '#test/ledger/eachUnit';
import { expectTree } from '#test/journal/naiveTree';
import { GrowTrees1764000000900 } from './growTrees.ts';
import { journalMigrations } from './journalMigrations.ts';
import { StockStreams1764000000800 } from './stockStreams.ts';
import { UnitsAsRanges1764000000600 } from './unitsAsRanges.ts';

describe('the journal’s migrations', () => {
  let url: string;
  let pool: pg.Pool;
  beforeAll(async () => {
    url = (await freshDatabase()).url;
    pool = createPool(url);
    await migrate(url, journalMigrations);
  });
  afterAll(() => pool.end());

  /** Tables, columns, constraints and indexes of the schema, as PostgreSQL writes them. */
  async function schema(): Promise<string[]> {
    const { rows } = await pool.query<{ line: string }>(`
      SELECT format('column %s.%s %s %s %s %s', table_name, column_name, ordinal_position, data_type, is_nullable, collation_name) AS line
        FROM information_schema.columns WHERE table_schema = 'journal'
      UNION ALL
      SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = to_regnamespace('journal')
      UNION ALL
      SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'journal'
      UNION ALL
      SELECT format('storage %s %s', relname, reloptions) FROM pg_class WHERE relnamespace = to_regnamespace('journal')
      ORDER BY line`);
    return rows.map(({ line }) => line);
  }

  it('units that were kept one by one are ranges afterwards, each unit once and in its account', async () => {
    const old = createPool((await freshDatabase()).url);
    const { connectionString = '' } = old.options;
    await migrate(connectionString, journalMigrations.slice(0, journalMigrations.indexOf(UnitsAsRanges1764000000600)));
    const given = [
      ...Array.from({ length: 1_200 }, (_, n) => [`H100-${String(n + 1).padStart(6, '0')}`, n === 600 ? 'b' : 'a']),
      ...['H100-', 'H100-1', 'H100-01', 'x9', 'x10', '1234567890123456', 'no|number'].map((serial) => [serial, 'c']),
    ];
    for (const item of ['D1', 'D2']) {
      await old.query(
        'INSERT INTO journal.units (ledger, item, serial, account) SELECT $1, $2, s.* FROM unnest($3::text[], $4::text[]) AS s',
        ['l', item, given.map(([serial]) => serial), given.map(([, account]) => `${item} ${account}`)],
      );
    }
    await migrate(connectionString, journalMigrations);
    const { rows } = await old.query<SerialRange & { item: string; account: string }>(
      'SELECT item, prefix, digits, first AS "from", last AS "to", account FROM journal.units',
    );
    await old.end();
    expect(rows).toHaveLength(2 * 10);
    const units = eachUnit(rows).map(({ item, serial, account }) => `${item} ${serial} ${account}`);
    const expected = ['D1', 'D2'].flatMap((item) =>
      given.map(([serial, account]) => `${item} ${serial} ${item} ${account}`),
    );
    expect(units.sort()).toEqual(expected.sort());
  });

  it('what a party owned and held before there were streams of stocks is in them afterwards', async () => {
    const old = createPool((await freshDatabase()).url);
    const { connectionString = '' } = old.options;
    await migrate(connectionString, journalMigrations.slice(0, journalMigrations.indexOf(StockStreams1764000000800)));
    const place = (owner: string, custodian: string, stage = 'held') => ({ owner, custodian, stage });
    const move = (from: object, to: object, item = 'H100') => ({
      item,
      order: 'PO-1',
      line: '1',
      quantity: 1,
      from,
      to,
    });
    const events = [
      { moves: [move(place('x', 'dhl', 'in_transit'), place('x', 'x')), move(place('x', 'dhl'), place('x', 'x'))] },
      {
        moves: [
          move(place('x', 'x'), place('x', 'xai')),
          move(place('xai', 'xai', 'damaged'), place('xai', 'xai'), 'D1'),
        ],
      },
      { moves: [move(place('x', 'dhl', 'in_transit'), place('x', 'dhl'))] },
      { note: 'nothing "held"' },
    ];
    for (const [index, data] of events.entries()) {
      await old.query(
        `INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
         VALUES ('l', $1::bigint, now(), now(), 's', ($1::bigint)::text, 't', 's', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), $2)`,
        [index + 1, Buffer.from(JSON.stringify({ data }))],
      );
    }
    await migrate(connectionString, journalMigrations);
    const { rows } = await old.query<{ entity: string; sequence: string }>(
      'SELECT entity, sequence::int FROM journal.event_entities ORDER BY sequence, entity',
    );
    await old.end();
    expect(rows.map(({ entity, sequence }) => [sequence, entity])).toEqual([
      [1, 'stock/["x","H100"]'],
      [2, 'stock/["x","H100"]'],
      [2, 'stock/["xai","D1"]'],
    ]);
  });

  it('a ledger that was written before there were trees has the tree of its events afterwards, up to an event that is missing', async () => {
    const old = createPool((await freshDatabase()).url);
    const { connectionString = '' } = old.options;
    await migrate(connectionString, journalMigrations.slice(0, journalMigrations.indexOf(GrowTrees1764000000900)));
    const sizes = { 'the-first': 1, small: 255, full: 256, larger: 1_000, 'with-a-hole': 700 };
    for (const [ledger, size] of Object.entries(sizes)) {
      await old.query(
        `INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
         SELECT $1, n, now(), now(), 's', n::text, 't', 's', sha256(b), sha256('\\x00'::bytea || b), b
           FROM generate_series(1, $2::int) AS n, LATERAL convert_to(n || ' of ' || $1, 'UTF8') AS b`,
        [ledger, size],
      );
      await old.query('INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, $2, now())', [
        ledger,
        size,
      ]);
    }
    await old.query(`DELETE FROM journal.events WHERE ledger = 'with-a-hole' AND sequence IN (300, 600)`);
    await migrate(connectionString, journalMigrations);
    for (const ledger of Object.keys(sizes).slice(0, -1)) await expectTree(old, ledger);
    await old.query(`DELETE FROM journal.events WHERE ledger = 'with-a-hole' AND sequence > 300`);
    await expectTree(old, 'with-a-hole');
    expect((await readTree(old, 'with-a-hole'))?.size).toBe(299);
    await old.end();
  });

  it('every primary key and every index begins with the ledger, so that ledgers can be spread over databases', async () => {
    const indexes = (await schema()).filter((line) => line.startsWith('index'));
    expect(indexes.length).toBeGreaterThan(7);
    for (const index of indexes) expect(index).toMatch(/USING btree \(ledger[,)]/);
    expect((await schema()).filter((line) => line.includes('FOREIGN KEY'))).toEqual([]);
  });
});
