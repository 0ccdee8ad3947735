import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UnitRow } from '#contracts/rows';
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
