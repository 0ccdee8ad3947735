import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LedgerEvent, parseEvent } from '#contracts/cloudEvent';
import { order, reassign } from '#test/journal/submissions';
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
