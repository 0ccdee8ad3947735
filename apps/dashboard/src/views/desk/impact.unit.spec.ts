import { describe, expect, it } from 'vitest';
import type { OrderRow } from '#contracts/rows';
import type { Move } from '../../event/moves.ts';
import { daysLater, impactOf, impactOfLegs, shiftsOf, shiftsOfLegs, waitsOf } from './impact.ts';

type Line = OrderRow['lines'][number];
const line = (name: string, due: string, units: Line['units']): Line => ({
  ...{ line: name, item: 'H100', quantity: 12_000, cancelled: 0, due, window: { from: due, to: due }, promised: null },
  ...{ units, onHold: 0, available: 0, holds: [] },
});
const order = (name: string, lines: Line[]): OrderRow => ({
  ...{ order: name, buyer: 'x', supplier: 'nvidia', placed: '2023-07-03T15:00:00Z', lines },
});
const unit = (owner: string, stage: 'ordered' | 'held', quantity: number) => ({
  ...{ owner, custodian: stage === 'held' ? owner : 'nvidia', stage, shipment: null, quantity },
});
/** The memo: Tesla's order of December, and X's of January and June. */
const orders = [
  order('PO-T', [line('1', '2023-12-31', [unit('tesla', 'ordered', 12_000)])]),
  order('PO-X', [
    line('1', '2024-01-31', [unit('x', 'ordered', 6_000)]),
    line('2', '2024-06-30', [unit('x', 'ordered', 6_000)]),
  ]),
];
const leg = (from: string, to: string, name: string, of: string, quantity: number) => ({
  ...{ from, to, item: 'H100', order: name, line: of, quantity },
});
const memo = [
  leg('tesla', 'x', 'PO-T', '1', 12_000),
  leg('x', 'tesla', 'PO-X', '1', 6_000),
  leg('x', 'tesla', 'PO-X', '2', 6_000),
];

describe('what an event would do', () => {
  it('shows what each party has before the legs of a swap and after them, and what is not there', () => {
    expect(impactOfLegs(memo.slice(0, 1), orders)).toMatchObject([
      { owner: 'tesla', before: 12_000, after: 0 },
      { owner: 'x', before: 0, after: 12_000 },
    ]);
    const tooMany = impactOfLegs([leg('x', 'tesla', 'PO-X', '1', 6_001)], orders);
    expect(tooMany).toMatchObject([{ owner: 'x', before: 6_000, after: -1 }, { owner: 'tesla' }]);
  });

  it('shows each account that its moves touch, and none outside of the hands of parties', () => {
    const at = { custodian: 'nvidia', stage: 'ordered' };
    const move: Move = {
      ...{ item: 'H100', order: 'PO-T', line: '1', quantity: 500 },
      ...{ from: { owner: 'tesla', ...at }, to: { owner: 'x', ...at } },
    };
    const gone = { ...move, to: { ...at, owner: 'tesla', stage: 'cancelled' } };
    expect(impactOf([move, gone], orders)).toMatchObject([
      { owner: 'tesla', stage: 'ordered', where: 'with nvidia', before: 12_000, after: 11_000 },
      { owner: 'x', stage: 'ordered', before: 0, after: 500 },
    ]);
    expect(shiftsOf([move, gone], orders)).toHaveLength(2);
  });

  it('says who turns late and who is served sooner, and by how many days', () => {
    const waits = waitsOf(shiftsOfLegs(memo, orders));
    expect(waits.map((wait) => [wait.owner, wait.quantity, wait.before, wait.after, daysLater(wait)])).toEqual([
      ['tesla', 6_000, '2023-12-31', '2024-01-31', 31],
      ['tesla', 6_000, '2023-12-31', '2024-06-30', 182],
      ['x', 6_000, '2024-01-31', '2023-12-31', -31],
      ['x', 6_000, '2024-06-30', '2023-12-31', -182],
    ]);
  });

  it('says who gets nothing in exchange, who gets what is there, and nothing of what makes no difference', () => {
    expect(waitsOf(shiftsOfLegs(memo.slice(0, 1), orders))).toMatchObject([
      { owner: 'tesla', before: '2023-12-31', after: undefined },
      { owner: 'x', before: undefined, after: '2023-12-31' },
    ]);
    const there = [order('PO-T', [line('1', '2023-12-31', [unit('tesla', 'held', 9)])])];
    expect(waitsOf(shiftsOfLegs([leg('tesla', 'x', 'PO-T', '1', 9)], there))).toMatchObject([
      { owner: 'tesla', before: '', after: undefined },
      { owner: 'x', after: '' },
    ]);
    expect(waitsOf(shiftsOfLegs([memo[1]!, leg('tesla', 'x', 'PO-X', '1', 6_000)], orders))).toEqual([]);
  });
});
