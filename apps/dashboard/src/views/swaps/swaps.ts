import type { ExchangeHistoryRow } from '#contracts/changeRows';
import type { OrderRow } from '#contracts/rows';
import type { Series } from '../../chart/steps.ts';

/** What an owner has of an order line, by its stage. */
export type Stages = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The key of an owner's units of an order line. */
export const ownedOf = (order: string, line: string, owner: string): string => JSON.stringify([order, line, owner]);

/** Where the units of each owner and line are: in the order of the stages, whoever has them in hand. */
export function stagesOf(orders: readonly OrderRow[]): Stages {
  const found = new Map<string, Map<string, number>>();
  for (const { order, lines } of orders)
    for (const { line, units } of lines)
      for (const { owner, stage, quantity } of units) {
        const key = ownedOf(order, line, owner);
        const stages = found.get(key) ?? new Map<string, number>(ORDER.map((one) => [one, 0]));
        found.set(key, stages.set(stage, (stages.get(stage) ?? 0) + quantity));
      }
  for (const stages of found.values()) for (const [stage, quantity] of stages) if (quantity === 0) stages.delete(stage);
  return found;
}

const ORDER = ['ordered', 'in_transit', 'held', 'damaged'];

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
