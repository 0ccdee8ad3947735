import { describe, expect, it } from 'vitest';
import { besideIn } from './moves.ts';

const posted = (sequence: number, quantity: number, shipment: string | null = null) => ({
  sequence,
  quantity,
  shipment,
});

describe('the ends of a move', () => {
  const rows = [posted(3, 10), posted(7, -4), posted(9, -6), posted(5, 8), posted(6, 99, 'S-1'), posted(8, -99, 'S-1')];

  it('lead to the last event that brought units there, and to the first that took some away', () => {
    expect(besideIn(rows, 7, 'before', null)?.sequence).toBe(5);
    expect(besideIn(rows, 5, 'after', null)?.sequence).toBe(7);
    expect(besideIn(rows, 7, 'before', 'S-1')?.sequence).toBe(6);
  });

  it('lead nowhere where units begin, and where they are still', () => {
    expect(besideIn(rows, 3, 'before', null)).toBeUndefined();
    expect(besideIn(rows, 9, 'after', null)).toBeUndefined();
  });
});
