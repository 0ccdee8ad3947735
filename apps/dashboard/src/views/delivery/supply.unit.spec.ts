import { describe, expect, it } from 'vitest';
import type { OrderRow } from '#contracts/rows';
import { deliveryOf } from './delivery.ts';
import { periodOf, periodText, supplyOf } from './supply.ts';

type Line = OrderRow['lines'][number];
const unit = (stage: 'ordered' | 'in_transit' | 'held', quantity: number) => ({
  ...{ owner: 'x', custodian: 'x', stage, shipment: null, quantity },
});
const order = (name: string, due: string, units: Line['units'], onHold = 0): OrderRow => ({
  ...{ order: name, buyer: 'x', supplier: 'nvidia', placed: '2023-07-03T15:00:00Z' },
  lines: [
    {
      ...{ line: '1', item: 'H100', quantity: 10, cancelled: 0, due, window: { from: '2024-01-01', to: due } },
      ...{ promised: null, units, onHold, available: 0, holds: [] },
    },
  ],
});
const quarter = { from: '2024-01-01', to: '2024-03-31' };
const row = (period: typeof quarter, committed: number | null) => ({
  ...{ supplier: 'nvidia', period, committed, promised: 20, allocated: 6, dispatched: 6, reallocated: 0 },
  ...{ oversold: 0, sequence: null },
});
const lines = deliveryOf(
  [
    order('PO-1', '2024-01-31', [unit('held', 4), unit('ordered', 6)], 2),
    order('PO-2', '2024-03-31', [unit('in_transit', 2), unit('ordered', 8)]),
    order('PO-3', '2024-05-31', [unit('held', 7), unit('in_transit', 3)]),
  ],
  '2024-02-10',
);

describe('the supply of an item', () => {
  it('counts in each committed period what its lines have on hold and delivered', () => {
    expect(supplyOf('H100', [row(quarter, 150)], lines)).toMatchObject([
      { committed: 150, promised: 20, allocated: 6, held: 2, delivered: 4, lines: 2 },
      { committed: null, promised: 10, allocated: 10, delivered: 7, lines: 1, period: { to: '2024-05-31' } },
    ]);
  });

  it('counts a line of no committed period in the one in which it is due', () => {
    const rows = supplyOf('H100', [row({ from: '2024-01-01', to: '2024-01-31' }, null)], lines.slice(0, 1));
    expect(rows).toMatchObject([{ committed: null, promised: 20, held: 2, delivered: 4, lines: 1 }]);
    expect(supplyOf('H200', [], lines)).toEqual([]);
  });

  it('has a period that the address can hold', () => {
    expect(periodOf(periodText(quarter))).toEqual(quarter);
    expect([periodOf(undefined), periodOf('2024')]).toEqual([undefined, undefined]);
  });
});
