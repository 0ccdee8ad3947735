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

it.each(['knows nothing yet', 'wrote it all'])(
  'a batch that leaves out what stands on a fact by serial numbers is refused by a process that %s',
  async (which) => {
    const writer = journals.make();
    const book = await journals.openLedger(writer, which.replaceAll(' ', '-'));
    const line = { order: 'PO-1', line: '1' };
    const units = (from: number, to = from) => ({ prefix: 'D-', from, to, digits: 6 });
    const transfer = (id: string, from: string, to: string, serials: ReturnType<typeof units>) =>
      submission('lading.reallocation.made.v1', {
        ...{ reallocation: id, kind: 'transferred', from, to },
        lines: [{ ...line, quantity: serials.to - serials.from + 1, serials }],
      });
    const sent = { shipment: 'S-1', consignee: 'tesla', carrier: 'dhl' };
    const hold = { hold: 'H-1', owner: 'x', purpose: 'a customer', until: '2030-01-01T00:00:00Z' };
    const sequences = await record(writer, book, [
      order('PO-1', 'tesla', 10, {}, 'DGX'),
      submission('lading.shipment.dispatched.v1', {
        ...sent,
        lines: [{ ...line, quantity: 10, serials: units(1, 10) }],
      }),
      submission('lading.shipment.received.v1', { shipment: 'S-1', by: 'tesla', lines: [{ ...line, received: 10 }] }),
      transfer('T-1', 'tesla', 'x', units(8, 9)),
      transfer('T-2', 'tesla', 'x', units(1)),
      // It stands on T-2 by the number alone, since x has others.
      transfer('T-3', 'x', 'xai', units(1)),
      submission('lading.units.held.v1', { ...hold, lines: [{ ...line, quantity: 1 }] }),
    ]);
    const [fact, left, held] = sequences.slice(4) as [number, number, number];
    const voids = [held, fact].map((sequence) =>
      submission('lading.event.voided.v1', { sequence, reason: 'did_not_occur' }),
    );
    const journal = which === 'wrote it all' ? writer : journals.make();
    expect(await journal.submitAtomic(book, voids)).toMatchObject({
      ...{ status: 'failed', index: 1 },
      outcome: { rejection: { code: 'depends-on-it', facts: { dependants: [{ sequence: left }] } } },
    });
  },
);

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
