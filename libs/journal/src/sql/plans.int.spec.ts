import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { order } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import { findStored } from './events.ts';
import { loadStreams } from './streams.ts';
import { begin } from './transaction.ts';

describe('the plans of the append’s statements', () => {
  let journals: TestJournals;
  beforeAll(async () => {
    journals = await TestJournals.start();
  });
  afterAll(() => journals.end());

  it('statements are planned anew as a ledger grows: a plan made while the ledger was empty does not scan all of it later', async () => {
    const journal = journals.make();
    const client = await journals.pool.connect();
    const ask = async (head: number) => {
      await begin(client, 5_000);
      await findStored(client, 'book', head, [{ source: 'urn:test', id: 'none' }]);
      await loadStreams(client, 'book', head, ['order/PO-none'], 1);
      const plans = await Promise.all(
        ['find-stored', 'load-streams'].map(async (name) => {
          const { rows } = await client.query<{ name: string; parameters: number }>(
            `SELECT name, cardinality(parameter_types) AS parameters FROM pg_prepared_statements
              WHERE name LIKE 'journal-${name}-%' ORDER BY prepare_time DESC LIMIT 1`,
          );
          const last = rows[0] ?? { name: '', parameters: 0 };
          const nulls = Array.from({ length: last.parameters }, () => 'NULL').join(', ');
          const plan = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE "${last.name}"(${nulls})`);
          return plan.rows.map((row) => row['QUERY PLAN']).join('\n');
        }),
      );
      await client.query('ROLLBACK');
      return plans.join('\n');
    };
    await ask(0);
    await journals.openLedger(journal, 'book');
    await record(
      journal,
      'book',
      Array.from({ length: 2_000 }, (_, n) => order(`PO-${n}`, 'tesla', 1)),
    );
    // PostgreSQL's own statistics would come too late: this is what it knows until autovacuum runs.
    const plan = await ask(2_008);
    expect(plan).toMatch(/events_ledger_source_id_key[\s\S]*source = asked[.]source\) AND \(id = asked[.]id/);
    expect(plan).toMatch(/events_pkey[\s\S]*ledger = \$1\) AND \(sequence = ee[.]sequence/);
    expect(plan).not.toMatch(/Seq Scan|events_by/);
    client.release();
  });
});
