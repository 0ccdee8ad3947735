import { eachUnit } from '#test/ledger/eachUnit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { movesOf, parseEvent } from '#contracts/cloudEvent';
import type { Serials } from '#contracts/serials';
import { UnitIndex } from '#ledger/units';
import { random } from '#test/journal/story';
import { order, submission } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import type { Journal } from '../journal.ts';
import { readEvents } from '../reader.ts';

describe('units with serial numbers', () => {
  let journals: TestJournals;
  let journal: Journal;
  let ledgers = 0;
  const ledger = () => journals.openLedger(journal, `book-${++ledgers}`);

  beforeAll(async () => {
    journals = await TestJournals.start();
    journal = journals.make();
  });
  afterAll(() => journals.end());

  const range = (from: number, to: number): Serials => ({ prefix: 'D-', from, to, digits: 6 });
  const dispatch = (shipment: string, of: string, quantity: number, serials?: Serials) =>
    submission('lading.shipment.dispatched.v1', {
      shipment,
      consignee: 'tesla',
      carrier: 'dhl',
      lines: [{ order: of, line: '1', quantity, serials }],
    });
  const receive = (shipment: string, of: string, received: number, serials?: Serials) =>
    submission('lading.shipment.received.v1', {
      shipment,
      by: 'tesla',
      lines: [{ order: of, line: '1', received, serials }],
    });
  const transfer = (to: string, of: string, quantity: number, serials?: Serials, id = `T-${to}-${of}-${quantity}`) =>
    submission('lading.reallocation.made.v1', {
      reallocation: id,
      kind: 'transferred',
      from: to === 'x' ? 'tesla' : 'x',
      to,
      lines: [{ order: of, line: '1', quantity, serials }],
    });

  /** Where the journal says that the units are, and where the events' moves put them. */
  async function expectUnitsEqualMoves(book: string): Promise<Map<string, string>> {
    const { rows } = await journals.pool.query<{ item: string; serial: string; account: string }>(
      `SELECT item, prefix || lpad(number::text, digits, '0') AS serial, account
         FROM journal.units CROSS JOIN LATERAL generate_series(first, last) AS number WHERE ledger = $1 ORDER BY item, serial`,
      [book],
    );
    const index = new UnitIndex();
    for (const { bytes } of await readEvents(journals.pool, book, 0, 1_000_000))
      index.apply(movesOf(parseEvent(bytes)));
    expect(rows).toEqual(
      eachUnit(index.all()).sort((a, b) => (`${a.item} ${a.serial}` < `${b.item} ${b.serial}` ? -1 : 1)),
    );
    return new Map(rows.map(({ serial, account }) => [serial, account]));
  }

  it('a unit with a serial number is in one account at every step of one batch: named at dispatch, received, passed on', async () => {
    const book = await ledger();
    const outcomes = await Promise.all(
      [
        order('PO-1', 'tesla', 12_000, {}, 'DGX'),
        dispatch('S-1', 'PO-1', 12_000, range(1, 12_000)),
        receive('S-1', 'PO-1', 10, range(1, 10)),
        transfer('x', 'PO-1', 2, ['D-000003', 'D-000004']),
        // Tesla has no unit 4 any more.
        transfer('x', 'PO-1', 1, ['D-000004'], 'again'),
        // All that is left needs no names.
        receive('S-1', 'PO-1', 11_990),
      ].map((command) => journal.submit(book, command)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'recorded',
      'recorded',
      'recorded',
      'recorded',
      'rejected',
      'recorded',
    ]);
    expect(outcomes[4]).toMatchObject({ rejection: { code: 'serial-elsewhere' } });
    const units = await expectUnitsEqualMoves(book);
    expect(units.size).toBe(12_000);
    expect(units.get('D-000004')).toBe('x|tesla|DGX|PO-1|1|held|');
    expect(units.get('D-000005')).toBe('tesla|tesla|DGX|PO-1|1|held|');
    expect(units.get('D-012000')).toBe('tesla|tesla|DGX|PO-1|1|held|');
  });

  it.each([
    ['that follow each other, in no order', (n: number) => n, 1],
    ['that are every second of a series', (n: number) => 2 * n, 2_000],
  ])('units that are named one by one are as few rows as there can be: %s', async (_, numberAt, rows) => {
    const book = await ledger();
    const name = (n: number) => `D-${String(numberAt(n)).padStart(6, '0')}`;
    const shuffled = (from: number) => Array.from({ length: 2_000 }, (_, n) => name(from + ((n * 7_919) % 2_000)));
    await record(journal, book, [
      order('PO-1', 'tesla', 6_000, {}, 'DGX'),
      ...[0, 2_000, 4_000].map((from) => dispatch(`S-${from}`, 'PO-1', 2_000, shuffled(from))),
      ...[0, 2_000, 4_000].map((from) => receive(`S-${from}`, 'PO-1', 2_000)),
      transfer('x', 'PO-1', 2_000, shuffled(1_000), 'some'),
      transfer('tesla', 'PO-1', 1_000, shuffled(1_000).slice(1_000), 'half'),
      transfer('tesla', 'PO-1', 1_000, shuffled(1_000).slice(0, 1_000), 'other-half'),
      // What was cut is put together again by whoever names all of it.
      transfer('x', 'PO-1', 2_000, shuffled(1_500), 'again'),
    ]);
    const units = await expectUnitsEqualMoves(book);
    expect(units.size).toBe(6_000);
    const { rowCount } = await journals.pool.query(
      `SELECT 1 FROM journal.units WHERE ledger = $1 AND account LIKE 'x|%'`,
      [book],
    );
    expect(rowCount).toBe(rows);
  });

  it('an event names some units and takes all that another account has, right after others of the same batch moved both', async () => {
    const book = await ledger();
    const one = { order: 'PO-1', line: '1' };
    const two = { order: 'PO-2', line: '1' };
    const data = { shipment: 'S-1', consignee: 'tesla', carrier: 'dhl' };
    await record(journal, book, [order('PO-1', 'tesla', 3, {}, 'DGX'), order('PO-2', 'tesla', 2, {}, 'DGX')]);
    const sent = submission('lading.shipment.dispatched.v1', {
      ...data,
      lines: [
        { ...one, quantity: 3, serials: range(1, 3) },
        { ...two, quantity: 2, serials: range(11, 12) },
      ],
    });
    const received = submission('lading.shipment.received.v1', {
      ...{ shipment: 'S-1', by: 'tesla' },
      lines: [
        { ...one, received: 2, serials: ['D-000001', 'D-000003'] },
        { ...two, received: 2 },
      ],
    });
    expect(await journal.submitAtomic(book, [sent, received])).toMatchObject({ status: 'recorded' });
    const units = await expectUnitsEqualMoves(book);
    expect([units.get('D-000002'), units.get('D-000003'), units.get('D-000011')]).toEqual([
      'tesla|dhl|DGX|PO-1|1|in_transit|S-1',
      'tesla|tesla|DGX|PO-1|1|held|',
      'tesla|tesla|DGX|PO-2|1|held|',
    ]);
  });

  it('units with serial numbers go back to their accounts when the atomic batch that moved them fails', async () => {
    const book = await ledger();
    await record(journal, book, [
      order('PO-1', 'tesla', 10, {}, 'DGX'),
      dispatch('S-1', 'PO-1', 10, range(1, 10)),
      receive('S-1', 'PO-1', 10),
    ]);
    const [first, failed, second] = await Promise.all([
      journal.submit(book, transfer('x', 'PO-1', 1, ['D-000001'])),
      journal.submitAtomic(book, [
        transfer('x', 'PO-1', 2, ['D-000002', 'D-000003']),
        transfer('x', 'PO-1', 1, ['D-000002'], 'again'),
      ]),
      journal.submitAtomic(book, [
        transfer('x', 'PO-1', 1, ['D-000002'], 'second'),
        transfer('tesla', 'PO-1', 2, ['D-000001', 'D-000002'], 'back'),
        transfer('x', 'PO-1', 1, ['D-000002'], 'and-there'),
      ]),
    ]);
    expect(first).toMatchObject({ status: 'recorded' });
    expect(failed).toMatchObject({ status: 'failed', index: 1, outcome: { rejection: { code: 'serial-elsewhere' } } });
    expect(second).toMatchObject({ status: 'recorded' });
    const units = await expectUnitsEqualMoves(book);
    expect([...units].filter(([, account]) => account.startsWith('x|'))).toEqual([
      ['D-000002', 'x|tesla|DGX|PO-1|1|held|'],
    ]);
  });

  it('units with serial numbers are in the accounts that the events moved them to, after any commands of two writers', async () => {
    const book = await ledger();
    const other = journals.make();
    const pick = random(7);
    await record(journal, book, [
      order('PO-1', 'tesla', 60, {}, 'DGX'),
      order('PO-2', 'x', 60, {}, 'DGX'),
      dispatch('S-1', 'PO-1', 60),
    ]);
    const commands = Array.from({ length: 250 }, (_, n) => {
      const from = 1 + pick(60);
      const to = Math.min(60, from + pick(2));
      const serials = pick(20) === 0 ? undefined : range(from, to);
      const quantity = to - from + 1;
      switch (pick(3)) {
        case 0:
          return receive('S-1', 'PO-1', quantity, serials);
        case 1:
          return transfer('x', 'PO-1', quantity, serials, `T-${n}`);
        default:
          return transfer('tesla', 'PO-1', quantity, serials, `T-${n}`);
      }
    });
    let recorded = 0;
    for (let from = 0; from < commands.length; from += 10) {
      const writer = pick(2) === 0 ? journal : other;
      const outcomes = await Promise.all(
        commands.slice(from, from + 10).map((command) => writer.submit(book, command)),
      );
      recorded += outcomes.filter(({ status }) => status === 'recorded').length;
    }
    expect(recorded).toBeGreaterThan(20);
    await expectUnitsEqualMoves(book);
  });
});
