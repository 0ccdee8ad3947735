import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LineageRow } from '#contracts/lineageRows';
import { UnitRow } from '#contracts/rows';
import { PartyTenureRow, UnitTenureRow } from '#contracts/tenureRows';
import { LEDGER, type QueryService, startQuery } from '#test/setup/startQuery';

let query: QueryService;
const L = `/v1/ledgers/${LEDGER}`;
const WINDOW = { from: '2023-12-01', to: '2023-12-31' };

/** Two items that number their units alike, each with an order whose units have serial numbers. */
beforeAll(async () => {
  query = await startQuery();
  for (const [party, role] of [
    ['nvidia', 'supplier'],
    ['tesla', 'customer'],
    ['dhl', 'carrier'],
  ] as const) {
    await query.submit('lading.party.registered.v1', { party, name: party, roles: [role] });
  }
  for (const item of ['H100', 'Dojo']) {
    await query.submit('lading.item.registered.v1', { item, name: item, tracking: 'serial' });
    const serials = item === 'H100' ? ['SN-1', 'SN-2', 'SN/3'] : ['SN-1'];
    const lines = [{ line: '1', item, quantity: serials.length, window: WINDOW, serials }];
    await query.submit('lading.order.placed.v1', { order: `PO-${item}`, buyer: 'tesla', supplier: 'nvidia', lines });
  }
  const lines = [{ order: 'PO-H100', line: '1', quantity: 1, serials: ['SN-2'] }];
  const dispatched = { shipment: 'S-1', consignee: 'tesla', carrier: 'dhl', lines };
  const sequence = await query.submit('lading.shipment.dispatched.v1', dispatched);
  await query.get(`${L}/units?min-sequence=${sequence}`);
});
afterAll(() => query.stop());

describe('units', () => {
  it('a unit is where its serial number was last moved to', async () => {
    const { body } = await query.get(`${L}/units?item=H100`);
    expect(body.data.map((row) => UnitRow.parse(row))).toEqual(body.data);
    expect(body.data.map(({ serial, stage, shipment }) => [serial, stage, shipment])).toEqual([
      ['SN-1', 'ordered', null],
      ['SN-2', 'in_transit', 'S-1'],
      ['SN/3', 'ordered', null],
    ]);
  });

  it('a unit is found by its serial number, also when that would be two parts of a path', async () => {
    expect((await query.get(`${L}/units/SN-2`)).body).toMatchObject({ serial: 'SN-2', item: 'H100', custodian: 'dhl' });
    expect((await query.get(`${L}/units/SN%2F3`)).body).toMatchObject({ serial: 'SN/3' });
  });

  it('a serial number that several items use needs the item, and the answer names the items', async () => {
    const { status, body } = await query.get(`${L}/units/SN-1`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ items: ['Dojo', 'H100'], errors: [{ pointer: '/item' }] });
    expect((await query.get(`${L}/units/SN-1?item=Dojo`)).body).toMatchObject({ serial: 'SN-1', order: 'PO-Dojo' });
  });

  it('a page of units ends between two units, and the next page goes on with the second', async () => {
    const first = await query.get(`${L}/units?limit=2`);
    const second = await query.get(`${L}/units?limit=2&cursor=${first.body.next ?? ''}`);
    const names = [...first.body.data, ...second.body.data].map(
      ({ serial, item }) => `${String(item)} ${String(serial)}`,
    );
    expect(names).toEqual(['Dojo SN-1', 'H100 SN-1', 'H100 SN-2', 'H100 SN/3']);
    expect(second.body.next).toBeNull();
  });
});

describe('who had units, from when to when', () => {
  const day = (n: number) => `2024-01-${String(n).padStart(2, '0')}T00:00:00Z`;
  let arrived: number;
  beforeAll(async () => {
    const units = { order: 'PO-H100', line: '1' };
    const back = { return: 'R-1', from: 'tesla', to: 'nvidia', lines: [{ ...units, quantity: 1, serials: ['SN-2'] }] };
    await query.submit('lading.party.registered.v1', { party: 'x', name: 'x', roles: ['customer'] });
    const lines = [{ ...units, received: 1 }];
    arrived = await query.submit('lading.shipment.received.v1', { shipment: 'S-1', by: 'tesla', lines }, day(2));
    const sequence = await query.submit('lading.units.returned.v1', back, day(12));
    await query.get(`${L}/units?min-sequence=${sequence}`);
  });

  it('a unit has every owner and custodian, with the events with which each time began and ended, and its days', async () => {
    const { body, status } = await query.get<{ data: UnitTenureRow[] }>(`${L}/units/H100/SN-2/history?at=2024-01-22`);
    expect(status).toBe(200);
    expect(body.data.map((row) => UnitTenureRow.parse(row))).toEqual(body.data);
    expect(
      body.data.map(({ owner, custodian, stage, from, to }) => [owner, custodian, stage, from.type, to?.type]),
    ).toEqual([
      ['tesla', 'nvidia', 'ordered', 'lading.order.placed.v1', 'lading.shipment.dispatched.v1'],
      ['tesla', 'dhl', 'in_transit', 'lading.shipment.dispatched.v1', 'lading.shipment.received.v1'],
      ['tesla', 'tesla', 'held', 'lading.shipment.received.v1', 'lading.units.returned.v1'],
      ['nvidia', 'nvidia', 'returned', 'lading.units.returned.v1', undefined],
    ]);
    expect(body.data[2]).toMatchObject({
      from: { sequence: arrived, occurred: day(2) },
      to: { occurred: day(12) },
      days: 10,
    });
  });

  it('a unit has its history page by page and as of any moment, whatever characters are in its number', async () => {
    const first = await query.get(`${L}/units/H100/SN-2/history?limit=2&known=${arrived}`);
    const then = await query.get(`${L}/units/H100/SN-2/history?limit=2&cursor=${first.body.next ?? ''}`);
    const rows = [...first.body.data, ...then.body.data];
    expect(rows.map(({ stage, to }) => [stage, to === null])).toEqual([
      ['ordered', false],
      ['in_transit', false],
      ['held', true],
    ]);
    expect(then.body).toMatchObject({ next: null, known: arrived });
    expect((await query.get(`${L}/units/H100/SN%2F3/history`)).body.data).toHaveLength(1);
    expect((await query.get(`${L}/units/H100/SN-9/history`)).status).toBe(404);
    expect((await query.get(`${L}/units/H%00/SN-1/history`)).status).toBe(404);
  });

  it('a party has what it owned and what it had in its hands, from the first unit until there was none, in unit-days', async () => {
    const search = 'item=H100&stage=held&at=2024-01-22';
    const { body } = await query.get<{ data: PartyTenureRow[] }>(`${L}/parties/tesla/tenure?${search}`);
    expect(body.data.map((row) => PartyTenureRow.parse(row))).toEqual(body.data);
    expect(body.data.map(({ from, to, ...row }) => [from.occurred, to?.occurred, row])).toEqual(
      ['custodian', 'owner'].map((as) => [
        day(2),
        day(12),
        { as, item: 'H100', order: 'PO-H100', line: '1', stage: 'held', quantity: 0, most: 1, unitDays: 10 },
      ]),
    );
    const dhl = await query.get(`${L}/parties/dhl/tenure?as=custodian&order=PO-H100`);
    expect(dhl.body.data).toMatchObject([{ stage: 'in_transit', quantity: 0, most: 1 }]);
    const before = await query.get(`${L}/parties/tesla/tenure?${search}&known=${arrived}&as=owner`);
    expect(before.body.data).toMatchObject([{ quantity: 1, to: null, unitDays: expect.closeTo(21, 4) as unknown }]);
    expect((await query.get(`${L}/parties/nobody/tenure`)).status).toBe(404);
  });

  it('the pages of what a party had are the whole of it', async () => {
    const whole = await query.get(`${L}/parties/nvidia/tenure?known=${arrived}&at=2024-02-01`);
    const paged: unknown[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const from: string = next === '' ? `known=${arrived}&at=2024-02-01` : `cursor=${next}`;
      const page = await query.get(`${L}/parties/nvidia/tenure?limit=1&${from}`);
      paged.push(...page.body.data);
      next = page.body.next;
    }
    expect(whole.body.data.length).toBeGreaterThan(1);
    expect(paged).toEqual(whole.body.data);
  });

  it('a unit that came back is followed by its number to the line that it was of, and says so as of any owner', async () => {
    const lines = [{ line: '1', item: 'H100', quantity: 1, window: WINDOW }];
    await query.submit('lading.order.placed.v1', { order: 'PO-X', buyer: 'x', supplier: 'nvidia', lines });
    const sent = [{ order: 'PO-X', line: '1', quantity: 1, serials: ['SN-2'] }];
    const again = { shipment: 'S-2', consignee: 'x', carrier: 'dhl', lines: sent };
    const sequence = await query.submit('lading.shipment.dispatched.v1', again);
    const { body } = await query.get(`${L}/units/H100/SN-2/history?min-sequence=${sequence}`);
    expect(body.data.map(({ owner, order, stage }) => [owner, order, stage])).toEqual([
      ['tesla', 'PO-H100', 'ordered'],
      ['tesla', 'PO-H100', 'in_transit'],
      ['tesla', 'PO-H100', 'held'],
      ['nvidia', 'PO-H100', 'returned'],
      ['x', 'PO-X', 'in_transit'],
    ]);
    const lineage = await query.get<{ data: { branches: { quantity: number; steps: { order: string }[] }[] }[] }>(
      `${L}/holdings/lineage?serial=SN-2&item=H100`,
    );
    const [branch] = lineage.body.data[0]?.branches ?? [];
    expect(new Set(branch?.steps.map(({ order }) => order))).toEqual(new Set(['PO-H100', 'PO-X']));
    const key = await query.key({ name: 'of-tesla', roles: ['read'], party: 'tesla' });
    const own = await query.get(`${L}/units/H100/SN-2/history`, { key });
    expect(own.body.data.map(({ owner }) => owner)).toEqual(['tesla', 'tesla', 'tesla']);
  });

  it('a fact that was taken back takes its part of the way with it; seen from before, it is still there', async () => {
    const lines = [{ order: 'PO-H100', line: '1', quantity: 1, serials: ['SN-1'] }];
    const given = { reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x', lines } as const;
    const made = await query.submit('lading.reallocation.made.v1', given, day(20));
    const waysOf = async (search: string) => {
      const { body } = await query.get<{ data: LineageRow[] }>(
        `${L}/holdings/lineage?order=PO-H100&stage=ordered&${search}`,
      );
      return body.data.map(({ owner, branches }) => [
        owner,
        ...branches.map(({ quantity, steps }) => [quantity, ...steps.map(({ type }) => type.split('.')[2])]),
      ]);
    };
    const there = [
      ['tesla', [1, 'placed']],
      ['x', [1, 'placed', 'made']],
    ];
    expect(await waysOf(`min-sequence=${made}`)).toEqual(there);
    const taken = { sequence: made, reason: 'did_not_occur' } as const;
    const sequence = await query.submit('lading.event.voided.v1', taken, day(20));
    expect(await waysOf(`min-sequence=${sequence}`)).toEqual([['tesla', [2, 'placed']]]);
    expect(await waysOf(`known=${made}`)).toEqual(there);
    const history = async (search: string) =>
      (await query.get(`${L}/units/H100/SN-1/history?${search}`)).body.data.map(({ owner }) => owner);
    expect(await history('')).toEqual(['tesla']);
    expect(await history(`known=${made}`)).toEqual(['tesla', 'x']);
    const tenure = await query.get(`${L}/parties/x/tenure?order=PO-H100`);
    expect(tenure.body.data).toEqual([]);
  });

  it('what was said of a line and taken back is no step of the way any more; seen from before, it is', async () => {
    const order = 'PO-SAID';
    const lines = [{ line: '1', item: 'H100', quantity: 1, window: WINDOW }];
    await query.submit('lading.order.placed.v1', { order, buyer: 'tesla', supplier: 'nvidia', lines }, day(3));
    const accepted: { line: string; code: 'accepted' }[] = [{ line: '1', code: 'accepted' }];
    const window = { from: '2024-02-01', to: '2024-02-29' };
    const changed = { order, line: '1', owner: 'tesla', initiator: 'seller', window, reason: 'Later' } as const;
    const said = [
      await query.submit('lading.order.confirmed.v1', { order, lines: accepted }, day(4)),
      await query.submit('lading.order.line_changed.v1', changed, day(5)),
    ];
    const waysOf = async (search: string) => {
      const { body } = await query.get<{ data: LineageRow[] }>(`${L}/holdings/lineage?order=${order}&${search}`);
      return body.data[0]?.branches.map(({ steps }) => steps.map(({ type }) => type.split('.')[2]));
    };
    const both = [['placed', 'confirmed', 'line_changed']];
    expect(await waysOf(`min-sequence=${said[1]}`)).toEqual(both);
    let head = 0;
    for (const [sequence, time] of [
      [said[1]!, day(5)],
      [said[0]!, day(4)],
    ] as const)
      head = await query.submit('lading.event.voided.v1', { sequence, reason: 'did_not_occur' }, time);
    expect(await waysOf(`min-sequence=${head}`)).toEqual([['placed']]);
    expect(await waysOf(`known=${head - 1}`)).toEqual([['placed', 'confirmed']]);
    expect(await waysOf(`known=${said[1]}`)).toEqual(both);
  });

  it('a serial number that was given by mistake is nobody’s now, and is found where it was for who asks what was known before', async () => {
    const ordered = [{ line: '1', item: 'H100', quantity: 2, window: WINDOW }];
    await query.submit('lading.order.placed.v1', { order: 'PO-W', buyer: 'tesla', supplier: 'nvidia', lines: ordered });
    const lines = [{ order: 'PO-W', line: '1', quantity: 1, serials: ['WRONG-7'] }];
    const sent = { shipment: 'S-WRONG', consignee: 'tesla', carrier: 'dhl', lines } as const;
    const made = await query.submit('lading.shipment.dispatched.v1', sent, day(21));
    const taken = { sequence: made, reason: 'did_not_occur' } as const;
    const head = await query.submit('lading.event.voided.v1', taken, day(21));
    const asked = async (path: string, search: string) => (await query.get(`${L}/${path}${search}`)).status;
    for (const path of ['units/WRONG-7?', 'units/H100/WRONG-7/history?']) {
      expect([path, await asked(path, `min-sequence=${head}`)]).toEqual([path, 404]);
      expect([path, await asked(path, `known=${made}`)]).toEqual([path, 200]);
      expect([path, await asked(path, `known=${made - 1}`)]).toEqual([path, 404]);
    }
    const history = await query.get(`${L}/units/H100/WRONG-7/history?known=${made}`);
    expect(history.body.data.map(({ owner, shipment }) => [owner, shipment])).toEqual([
      ['tesla', null],
      ['tesla', 'S-WRONG'],
    ]);
    const { body } = await query.get<{ data: LineageRow[] }>(`${L}/holdings/lineage?serial=WRONG-7&known=${made}`);
    expect(body.data.map(({ order, stage, quantity }) => [order, stage, quantity])).toEqual([
      ['PO-W', 'in_transit', 1],
    ]);
  });
});
