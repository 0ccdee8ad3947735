import { describe, expect, it } from 'vitest';
import type { OrderRow } from '#contracts/rows';
import { ownedOf, stagesOf } from './stages.ts';

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
