import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LedgerEvent, parseEvent } from '#contracts/cloudEvent';
import { order, reassign, submission } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import { readEvents } from '../reader.ts';
import { RecordedEvents } from './recordedEvents.ts';

let journals: TestJournals;
beforeAll(async () => {
  journals = await TestJournals.start();
});
afterAll(() => journals.end());

it('the streams of what a batch takes back are read once, and grow with it: what was drafted and is written already is in them once', async () => {
  const journal = journals.make();
  const book = await journals.openLedger(journal, 'taken-back');
  await record(journal, book, [
    order('PO-1', 'tesla', 9),
    ...['RA-1', 'RA-2', 'RA-3'].map((id) => reassign(id, 'PO-1', 'tesla', 'x', 1)),
  ]);
  const all = (await readEvents(journals.pool, book, 0, 100)).map(({ bytes }) => parseEvent(bytes));
  const [first, , last] = all.slice(-3) as [LedgerEvent, LedgerEvent, LedgerEvent];
  const drafted = [last];
  const client = await journals.pool.connect();
  const asked: string[] = [];
  const counting = new Proxy(client, {
    get: (of, name) =>
      name === 'query'
        ? (text: string, values: unknown[]) => {
            asked.push(text);
            return of.query(text, values);
          }
        : Reflect.get(of, name),
  });
  const events = new RecordedEvents(counting, book, last.sequence, { drafted: () => drafted, voids: [] });
  const streamNow = async () => {
    await events.load(new Set([first.sequence]), new Set());
    return events
      .recorded(first.sequence)
      ?.streams.get('order/PO-1')
      ?.map(({ sequence }) => sequence);
  };
  const ofTheOrder = all.filter(({ type }) => /order.placed|reallocation/.test(type)).map(({ sequence }) => sequence);
  expect(await streamNow()).toEqual(ofTheOrder);
  const more: LedgerEvent = { ...last, id: 'more', sequence: last.sequence + 1 };
  drafted.push(more);
  events.add(more);
  expect(events.recorded(first.sequence)).toBeUndefined();
  expect(await streamNow()).toEqual([...ofTheOrder, more.sequence]);
  expect(asked.filter((text) => text.includes('event_entities'))).toHaveLength(1);
  client.release();
});

it('what names an order is looked for in the events that may name one, however many dispatches came later', async () => {
  const journal = journals.make();
  const book = await journals.openLedger(journal, 'named');
  const line = { order: 'PO-1', line: '1', quantity: 1 };
  const sent = { shipment: 'S-1', consignee: 'tesla', carrier: 'dhl', lines: [line] };
  await record(journal, book, [order('PO-1', 'tesla', 9), submission('lading.shipment.dispatched.v1', sent)]);
  const placed = (await readEvents(journals.pool, book, 0, 100)).map(({ bytes }) => parseEvent(bytes)).at(-2);
  const client = await journals.pool.connect();
  await client.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
  const asked: [string, unknown[]][] = [];
  const listening = new Proxy(client, {
    get: (of, name) =>
      name === 'query'
        ? (...query: [string, unknown[]]) => (asked.push(query), of.query(...query))
        : Reflect.get(of, name),
  });
  const events = new RecordedEvents(listening, book, placed!.sequence + 1, { drafted: () => [], voids: [] });
  await events.load(new Set([placed!.sequence]), new Set());
  expect(events.recorded(placed!.sequence)?.naming).toEqual([]);
  const [text, values] = asked.find(([sql]) => sql.includes('convert_to'))!;
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Scan using events_that_may_name');
  await client.query('ROLLBACK');
  client.release();
});
