import { describe, expect, it } from 'vitest';
import { factsText, flagName, pairsOf } from './flags.ts';

const flag = (...parties: string[]) => ({
  ...{ flag: parties.join(), rule: 'redirected' as const, raised: 1, parties, item: null, facts: {}, events: [] },
});

describe('flags', () => {
  it('are counted for each two parties, whichever is named first', () => {
    const pairs = pairsOf([flag('x', 'tesla'), flag('tesla', 'x'), flag('x', 'xai'), flag('x', 'tesla', 'nvidia')]);
    expect([...pairs]).toEqual([
      ['tesla x', 2],
      ['x xai', 1],
    ]);
  });

  it('say what the rule saw in words', () => {
    const facts = { swap: 'SW-1', inTransit: 6_000, lines: [{ order: 'PO-1', quantity: 12_000 }], nothing: null };
    expect(factsText(facts)).toBe('swap SW-1, in transit 6,000, lines PO-1 12,000');
    expect(flagName('related-party')).toBe('Related party');
  });
});
