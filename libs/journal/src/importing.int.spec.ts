import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { order, submission } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import { importEvents, NotTheEnd } from './importing.ts';
import { readBytes } from './reader.ts';

const LEDGER = 'book';

describe('events that another journal kept', () => {
  let here: TestJournals;
  let there: TestJournals;
  let kept: Buffer[];
  beforeAll(async () => {
    [here, there] = [await TestJournals.start(), await TestJournals.start()];
    const journal = here.make();
    await here.openLedger(journal, LEDGER);
    await record(
      journal,
      LEDGER,
      Array.from({ length: 270 }, (_, n) => order(`PO-${n}`, 'tesla', 1)),
    );
    const line = { order: 'PO-D', line: '1' };
    await record(journal, LEDGER, [order('PO-D', 'tesla', 100, {}, 'DGX')]);
    await record(journal, LEDGER, [
      submission('lading.shipment.dispatched.v1', {
        ...{ shipment: 'S-1', consignee: 'tesla', carrier: 'dhl' },
        lines: [{ ...line, quantity: 50, serials: { prefix: 'D', digits: 3, from: 1, to: 50 } }],
      }),
    ]);
    await record(journal, LEDGER, [
      submission('lading.shipment.received.v1', {
        ...{ shipment: 'S-1', by: 'tesla' },
        lines: [{ ...line, received: 20, serials: { prefix: 'D', digits: 3, from: 11, to: 30 } }],
      }),
    ]);
    kept = (await readBytes(here.pool, LEDGER, 0, 10_000)).map(({ bytes }) => bytes);
  });
  afterAll(() => Promise.all([here.end(), there.end()]));

  /** All that a journal keeps of a ledger, but what was submitted, and when the ledger was moved last. */
  const tables = async ({ pool }: TestJournals) => {
    const rows = async (text: string): Promise<unknown[]> => (await pool.query<Record<string, unknown>>(text)).rows;
    return {
      head: await rows('SELECT ledger, sequence, recorded, tree_size, tree FROM journal.ledgers'),
      events: await rows(
        'SELECT sequence, occurred, recorded, source, id, type, subject, leaf_hash, bytes FROM journal.events ORDER BY 1',
      ),
      streams: await rows('SELECT entity, sequence FROM journal.event_entities ORDER BY 1, 2'),
      units: await rows('SELECT item, prefix, digits, first, last, account FROM journal.units ORDER BY 1, 2, 3, 4'),
      nodes: await rows('SELECT level, index, hash FROM journal.tree_nodes ORDER BY 1, 2'),
    };
  };

  it('are imported with the same bytes, columns, streams, units, tree and root, and the ledger goes on from there', async () => {
    const client = await there.pool.connect();
    try {
      let root: Uint8Array = Buffer.alloc(0);
      for (const from of [0, 100])
        root = await importEvents(client, LEDGER, from + 1, kept.slice(from, from === 0 ? 100 : undefined));
      expect(Buffer.from(root)).toHaveLength(32);
      await expect(importEvents(client, LEDGER, 50, kept.slice(49))).rejects.toThrow(NotTheEnd);
      await expect(importEvents(client, 'other', 2, kept.slice(1))).rejects.toThrow(NotTheEnd);
    } finally {
      client.release();
    }
    expect(await tables(there)).toEqual(await tables(here));
    const more = submission('lading.shipment.received.v1', {
      ...{ shipment: 'S-1', by: 'tesla' },
      lines: [{ order: 'PO-D', line: '1', received: 5, serials: { prefix: 'D', digits: 3, from: 31, to: 35 } }],
    });
    expect(await record(there.make(), LEDGER, [more])).toEqual([kept.length + 1]);
    expect((await there.pool.query(`SELECT FROM journal.units WHERE first = 31 AND last = 35`)).rowCount).toBe(1);
  });
});
