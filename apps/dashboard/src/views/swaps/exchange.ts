import type { ExchangeHistoryRow } from '#contracts/changeRows';
import type { Series } from '../../chart/steps.ts';

/** The exchange balance of a swap over time, a line for each party and item: above zero it is owed, below it owes. */
export function exchangeSeries(rows: readonly ExchangeHistoryRow[], of: 'units' | 'unitDays'): Series[] {
  const all = rows.at(-1)?.balance ?? [];
  const isOneItem = new Set(all.map(({ item }) => item)).size === 1;
  return all.map(({ party, item }) => ({
    party: `${party} ${item}`,
    name: isOneItem ? party : `${party}, ${item}`,
    steps: rows.flatMap(({ moment, balance }) =>
      balance
        .filter((side) => side.party === party && side.item === item)
        .map((side) => ({ moment, quantity: Math.round(side[of]) })),
    ),
  }));
}
