import { describe, expect, it } from 'vitest';
import { mayHaveHad } from './mayHaveHad.ts';

describe('holdings over time', () => {
  it('are asked about of those who have most and of every customer, whatever they have now', () => {
    const lines = [
      { party: 'z', total: 5 },
      { party: 'b', total: 4 },
      { party: 'b', total: 4 },
    ];
    const parties = ['a', 'b', 'c'].map((party) => ({ party, roles: [party === 'c' ? 'carrier' : 'customer'] }));
    expect(mayHaveHad(lines, parties, 9)).toEqual(['a', 'b', 'z']);
    expect(mayHaveHad(lines, parties, 1)).toEqual(['b']);
  });
});
