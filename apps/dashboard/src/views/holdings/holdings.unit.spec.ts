import { describe, expect, it } from 'vitest';
import type { HoldingGroupRow, PartyRow } from '#contracts/rows';
import { flowOf, holdingsOf, linesOf, mayHaveHad } from './holdings.ts';

const rows: HoldingGroupRow[] = [
  { owner: 'x', custodian: 'x', item: 'H100', stage: 'held', quantity: 12_000 },
  { owner: 'tesla', custodian: 'nvidia', item: 'H100', stage: 'ordered', quantity: 6_000 },
  { owner: 'tesla', custodian: 'dhl', item: 'H100', stage: 'in_transit', quantity: 6_000 },
  { owner: 'x', custodian: 'nvidia', item: 'B200', stage: 'ordered', quantity: 5 },
];
const party = (id: string, name: string, units: number): PartyRow => ({
  ...{ party: id, name, roles: ['customer'], controlledBy: [], holdings: [] },
  balances: [{ swap: 'SW-1', with: 'other', item: 'H100', units, unitDays: 0 }],
});
const parties = [party('tesla', 'Tesla, Inc.', 12_000), party('x', 'X Corp.', -12_000), party('xai', 'xAI', 3)];
const holdings = holdingsOf(rows);

describe('the first page', () => {
  it('has a line for each party and item, with what it holds in each stage, owes and is owed', () => {
    expect(
      linesOf(holdings, parties).map((line) => [
        line.name,
        line.item,
        line.ordered,
        line.in_transit,
        line.held,
        line.total,
        line.owes,
        line.isOwed,
      ]),
    ).toEqual([
      ['Tesla, Inc.', 'H100', 6_000, 6_000, 0, 12_000, 0, 12_000],
      ['X Corp.', 'H100', 0, 0, 12_000, 12_000, 12_000, 0],
      ['X Corp.', 'B200', 5, 0, 0, 5, 0, 0],
      ['xAI', 'H100', 0, 0, 0, 0, 0, 3],
    ]);
  });

  it('shows the same numbers as a flow: what comes to an owner is what its lines sum to', () => {
    const { links } = flowOf(holdings);
    const lines = linesOf(holdings, []);
    for (const owner of ['tesla', 'x']) {
      const arrives = links
        .filter(({ target }) => target === `owner ${owner}`)
        .reduce((sum, { value }) => sum + value, 0);
      expect(arrives).toBe(lines.filter((line) => line.party === owner).reduce((sum, { total }) => sum + total, 0));
    }
  });

  it('lets nothing vanish between the columns of the flow', () => {
    const { links } = flowOf(holdings);
    const sum = (column: string) =>
      links.filter(({ source }) => source.startsWith(column)).reduce((total, { value }) => total + value, 0);
    expect([sum('custodian '), sum('stage ')]).toEqual([24_005, 24_005]);
  });

  it('draws no band for a balance of the past that is below zero, and keeps it in the table', () => {
    const below = holdingsOf([{ owner: 'x', custodian: 'x', item: 'H100', stage: 'held', quantity: -4 }]);
    expect(flowOf(below).links).toEqual([]);
    expect(linesOf(below, [])[0]?.held).toBe(-4);
  });
});

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
