import { describe, expect, it } from 'vitest';
import { factsText, flagName, groupsOf, pairsOf, sinceOf } from './flags.ts';

const flag = (...parties: string[]) => ({
  ...{ flag: parties.join(), rule: 'redirected' as const, raised: 1, parties, item: null, facts: {}, events: [] },
});

describe('flags', () => {
  it('are counted for each two parties, whichever is named first, and as often as where they are grouped', () => {
    const all = [flag('x', 'tesla'), flag('tesla', 'x'), flag('x', 'xai'), flag('x', 'tesla', 'nvidia')];
    const pairs = pairsOf(all);
    expect([pairs.get('tesla x'), pairs.get('x xai'), pairs.get('nvidia x'), pairs.get('nvidia tesla x')]).toEqual([
      ...[3, 1, 1, undefined],
    ]);
    expect(groupsOf(all, 'pair').map(({ parties, count }) => [parties.join(' '), count])).toEqual([...pairs]);
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
    const lines = [{ order: 'PO-1', line: '2', quantity: 12_000 }];
    const facts = { swap: 'SW-1', inTransit: 6_000, due: '2024-06-30', lines, nothing: null };
    expect(factsText(facts)).toBe('swap SW-1, in transit 6,000, due 30 Jun 2024, lines 12,000 of PO-1 line 2');
    expect(flagName('related-party')).toBe('Related party');
  });

  it('say since when: since the day that is over, or the event that raised them', () => {
    const occurred = new Map([[1, '2023-12-19T09:00:00Z']]);
    const overdue = { ...flag('x'), rule: 'overdue-leg' as const, facts: { due: '2024-06-30' } };
    // It was raised by the swap, and was not so before a leg was overdue.
    const oneSided = { ...flag('x'), rule: 'one-sided-swap' as const };
    expect([flag('x'), overdue, { ...flag('x'), raised: 2 }, oneSided].map((one) => sinceOf(one, occurred))).toEqual([
      ...['since 19 Dec 2023', 'since the end of 30 Jun 2024', undefined, undefined],
    ]);
  });
});
