import { describe, expect, it } from 'vitest';
import { factsText, flagName, groupsOf, pairsOf } from './flags.ts';

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

  it('are grouped by party and by each two parties, the most flags first', () => {
    const all = [flag('x', 'tesla'), { ...flag('tesla', 'x', 'nvidia'), raised: 7 }, flag('xai')];
    expect(groupsOf(all, 'party').map(({ parties, count }) => [...parties, count])).toEqual([
      ['tesla', 2],
      ['x', 2],
      ['nvidia', 1],
      ['xai', 1],
    ]);
    const [first, ...others] = groupsOf(all, 'pair');
    expect(first).toEqual({ parties: ['tesla', 'x'], count: 2, rules: [['redirected', 2]], first: 1, last: 7 });
    expect(others.map(({ parties }) => parties.join())).toEqual(['nvidia,tesla', 'nvidia,x']);
  });

  it('say what the rule saw in words', () => {
    const facts = { swap: 'SW-1', inTransit: 6_000, lines: [{ order: 'PO-1', quantity: 12_000 }], nothing: null };
    expect(factsText(facts)).toBe('swap SW-1, in transit 6,000, lines PO-1 12,000');
    expect(flagName('related-party')).toBe('Related party');
  });
});
