import { describe, expect, it } from 'vitest';
import type { OrderRow } from '#contracts/rows';
import { exchangeSeries, ownedOf, stagesOf } from './swaps.ts';

describe('where the units of a leg are', () => {
  it('is told by owner and order line, stage by stage in their order, whoever has them', () => {
    const unit = (owner: string, stage: string, quantity: number, custodian = 'dhl') => ({
      owner,
      stage,
      quantity,
      custodian,
    });
    const units = [
      ...[unit('x', 'held', 10), unit('x', 'in_transit', 3), unit('x', 'held', 2, 'x')],
      ...[unit('x', 'ordered', 7), unit('tesla', 'held', 5)],
    ];
    const orders = [{ order: 'PO-1', lines: [{ line: '1', units }] }] as unknown as OrderRow[];
    const found = stagesOf(orders);
    expect([...(found.get(ownedOf('PO-1', '1', 'x')) ?? [])]).toEqual([
      ['ordered', 7],
      ['in_transit', 3],
      ['held', 12],
    ]);
    expect([...(found.get(ownedOf('PO-1', '1', 'tesla')) ?? [])]).toEqual([['held', 5]]);
    expect(found.has(ownedOf('PO-1', '2', 'x'))).toBe(false);
  });
});

const side = (party: string, item: string, units: number, unitDays: number) => ({
  ...{ party, item, given: 0, received: 0, units, unitDays },
});
const row = (moment: string, ...balance: ReturnType<typeof side>[]) => ({ moment, sequence: 1, balance });

describe('the exchange balance over time', () => {
  const rows = [
    row('2023-12-28T16:00:00Z', side('tesla', 'H100', 12_000, 0), side('x', 'H100', -12_000, 0)),
    row('2024-01-30T15:00:00Z', side('tesla', 'H100', 6_000, 395_500.4), side('x', 'H100', -6_000, -395_500.4)),
  ];

  it('is a line for each side, above zero where it is owed and below where it owes', () => {
    expect(exchangeSeries(rows, 'units').map(({ name, steps }) => [name, steps.map((step) => step.quantity)])).toEqual([
      ['tesla', [12_000, 6_000]],
      ['x', [-12_000, -6_000]],
    ]);
  });

  it('is had in unit-days, whole ones, and a line names its item where there are several', () => {
    const [tesla, ...others] = exchangeSeries(
      rows.map((each) => ({ ...each, balance: [...each.balance, side('x', 'GB200', 5, 1)] })),
      'unitDays',
    );
    expect(tesla).toEqual({
      ...{ party: 'tesla H100', name: 'tesla, H100' },
      steps: [
        { moment: '2023-12-28T16:00:00Z', quantity: 0 },
        { moment: '2024-01-30T15:00:00Z', quantity: 395_500 },
      ],
    });
    expect(others.map(({ name }) => name)).toEqual(['x, H100', 'x, GB200']);
  });
});
