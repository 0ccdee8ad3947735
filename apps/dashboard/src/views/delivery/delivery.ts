import type { OrderRow } from '#contracts/rows';
import { day, units } from '../../format.ts';

type Line = OrderRow['lines'][number];

/** A line of an order, with what the delivery view says of it. */
export interface DeliveryLine {
  readonly order: string;
  readonly buyer: string;
  readonly supplier: string;
  readonly line: Line;
  /** Units that are there in good order, on the way, and not sent. */
  readonly arrived: number;
  readonly onTheWay: number;
  readonly toCome: number;
  readonly isLate: boolean;
  /** Why it is late or short, what weighs most first. */
  readonly reasons: readonly string[];
}

/** @param today the day that is looked at, `2023-12-31` */
export function deliveryOf(orders: readonly OrderRow[], today: string): DeliveryLine[] {
  return orders.flatMap(({ order, buyer, supplier, lines }) =>
    lines.map((line) => {
      const sum = (...stages: string[]) =>
        line.units.filter(({ stage }) => stages.includes(stage)).reduce((total, { quantity }) => total + quantity, 0);
      const [toCome, onTheWay] = [sum('ordered'), sum('in_transit')];
      return {
        ...{ order, buyer, supplier, line, toCome, onTheWay, arrived: sum('held') },
        isLate: line.due < today && toCome + onTheWay > 0,
        reasons: reasonsOf(line, buyer),
      };
    }),
  );
}

function reasonsOf(line: Line, buyer: string): string[] {
  const reasons: (readonly [weight: number, text: string])[] = [];
  const others = new Map<string, number>();
  for (const { owner, quantity } of line.units)
    if (owner !== buyer) others.set(owner, (others.get(owner) ?? 0) + quantity);
  for (const [owner, quantity] of others) reasons.push([quantity, `${units(quantity)} went to ${owner}`]);
  if (line.cancelled > 0) reasons.push([line.cancelled, `${units(line.cancelled)} were cancelled`]);
  const { promised } = line;
  if (promised !== null) {
    const short = promised.ordered.quantity - promised.quantity;
    if (short > 0) reasons.push([short, `the supplier confirmed ${units(short)} fewer`]);
    if (promised.window !== null && promised.window.to > line.window.to)
      reasons.push([line.quantity / 2, `the supplier confirmed them for ${day(promised.window.to)}`]);
  }
  for (const { item, quantity } of line.substitutedBy ?? [])
    reasons.push([quantity, `${units(quantity)} came as ${item} instead`]);
  return reasons.sort(([a], [b]) => b - a).map(([, text]) => text);
}
