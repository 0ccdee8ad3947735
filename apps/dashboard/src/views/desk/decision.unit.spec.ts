import { describe, expect, it } from 'vitest';
import { isDecision, sideBySide, subjectsOf } from './decision.ts';

describe('a decision as it looked', () => {
  it('has the same rows side by side, also those that are in one answer only', () => {
    const row = (owner: string, quantity: number) => ({ owner, quantity });
    const answers = [[row('tesla', 12)], [row('x', 12)], [row('x', 6), row('tesla', 6)]];
    const rows = sideBySide(
      answers,
      ({ owner }) => owner,
      ({ quantity }) => quantity,
    );
    expect(rows.map(({ key, numbers }) => [key, ...numbers])).toEqual([
      ['tesla', 12, undefined, 6],
      ['x', undefined, 12, 6],
    ]);
  });

  it('is about the orders and items that its event names, wherever it names them', () => {
    const leg = { order: 'PO-2', item: 'H100' };
    expect(subjectsOf({ moves: [{ order: 'PO-1', item: 'H100' }], legs: [leg, leg], lines: 'none' })).toEqual({
      orders: ['PO-1', 'PO-2'],
      items: ['H100'],
    });
    expect(subjectsOf({})).toEqual({ orders: [], items: [] });
  });

  it('is a reallocation, a step of a swap, or a hold', () => {
    const all = [
      'lading.reallocation.made.v1',
      'lading.swap.executed.v1',
      'lading.swap.proposed.v1',
      'lading.units.held.v1',
    ];
    expect(all.every(isDecision)).toBe(true);
    expect(isDecision('lading.shipment.received.v1')).toBe(false);
  });
});
