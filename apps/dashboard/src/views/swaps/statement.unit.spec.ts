import { describe, expect, it } from 'vitest';
import type { SwapRow } from '#contracts/rows';
import { agedOf, dayBefore, daysOf, pairsOf, statementOf } from './statement.ts';

const leg = (from: string, to: string, due: string, received: number) => ({
  ...{ from, to, order: 'PO-1', line: '1', item: 'H100', quantity: 6_000, window: { from: due, to: due } },
  ...{ received, missing: 6_000 - received, lost: 0, cancelled: 0, overdue: false },
});
const swap = (status: SwapRow['status'], ...legs: SwapRow['legs']): SwapRow => ({
  ...{ swap: 'SW-1', status, by: 'x', accepted: ['x', 'tesla'], authorisedBy: null, reason: null, evidence: [] },
  ...{ expires: null, proposed: '2023-12-18T10:00:00Z', executed: null, holdsUntil: null, legs, balance: [] },
});
const between = ['tesla', 'x'] as const;
const at = (given: number, back: number) => [
  swap('executed', leg('tesla', 'x', '2023-12-31', given), leg('x', 'tesla', '2024-01-31', back)),
];

describe('the statement of two parties', () => {
  it('closes with what it opened with, what one gave, and less what the other gave', () => {
    const { items, legs } = statementOf(between, at(5_000, 0), at(6_000, 2_500), '2024-03-31');
    expect(items).toEqual([{ item: 'H100', opening: 5_000, given: 1_000, received: 2_500, closing: 3_500 }]);
    expect(legs).toMatchObject([
      { before: 5_000, within: 1_000, age: 91 },
      { before: 0, within: 2_500, age: 60 },
    ]);
  });

  it('opens with nothing where nothing was swapped yet, and leaves out what is not executed', () => {
    expect(statementOf(between, [], at(6_000, 0), '2024-01-01').items).toMatchObject([{ opening: 0, given: 6_000 }]);
    const open = [swap('accepted', leg('tesla', 'x', '2023-12-31', 0))];
    expect(statementOf(between, [], open, '2024-01-01')).toEqual({ items: [], legs: [] });
  });

  it('counts in a swap of three only the legs between the two', () => {
    const three = [swap('executed', leg('tesla', 'x', '2024-01-31', 5), leg('x', 'xai', '2024-01-31', 7))];
    expect(statementOf(between, [], three, '2024-01-31').legs).toHaveLength(1);
    expect(pairsOf(three)).toEqual([
      ['tesla', 'x'],
      ['x', 'xai'],
    ]);
  });

  it('sorts what is missing by the days since it was due: not on the day itself, and from the next one on', () => {
    const legs = [leg('x', 'tesla', '2024-01-31', 0), leg('x', 'tesla', '2024-03-01', 1_000)];
    const missing = (on: string) => agedOf(legs, on)[0]?.missing;
    expect(missing('2024-01-31')).toEqual([11_000, 0, 0, 0, 0]);
    expect(missing('2024-02-01')).toEqual([5_000, 6_000, 0, 0, 0]);
    expect(missing('2024-03-01')).toEqual([5_000, 6_000, 0, 0, 0]);
    expect(missing('2024-03-02')).toEqual([0, 5_000, 6_000, 0, 0]);
    expect(missing('2024-12-31')).toEqual([0, 0, 0, 0, 11_000]);
    expect(agedOf([leg('x', 'tesla', '2024-01-31', 6_000)], '2024-12-31')).toEqual([]);
  });

  it('is for days in their order: this year unless they are chosen', () => {
    expect(daysOf(undefined, undefined, '2024-02-10')).toEqual({ from: '2024-01-01', to: '2024-02-10' });
    expect(daysOf('2024-05-01', '2024-02-10', '')).toEqual({ from: '2024-02-10', to: '2024-02-10' });
    expect(daysOf('soon', '2024-13-45', '2024-02-10').to).toBe('2024-02-10');
    expect(dayBefore('2024-01-01')).toBe('2023-12-31');
  });
});
