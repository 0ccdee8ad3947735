import type { Goods, Holding } from '../account.ts';
import { ownersOf } from '../booking/source.ts';
import { type OrRejected, type Rejected, reject } from '../decision.ts';
import { lineKey, type Shipment } from '../entity.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import { ambiguousOwner, insufficient, notTheOwner } from '../rejections.ts';

interface Advised {
  readonly owner: string;
  /** What is in transit; nothing when only surplus came. */
  readonly source: Holding | undefined;
  readonly quantity: number;
}

/** What a receipt says of one line: units that were sent and arrived, and units that were not. */
interface Counted {
  readonly arrived: number;
  readonly surplus: number;
}

/**
 * What a receipt's line was advised of: one owner's units of a line in transit on a shipment. Surplus alone is the
 * supplier's and needs nothing in transit. Rejects with `ambiguous-owner`, `already-received` when nothing is left,
 * `not-the-owner`, and `insufficient-quantity` when the line was never dispatched on that shipment.
 */
export function advisedTo(
  line: FoundLine,
  on: Shipment,
  owner: string | undefined,
  counted: Counted,
): OrRejected<Advised> {
  const { shipment } = on;
  const there = holdingsAt(line.state, { stage: 'in_transit', shipment });
  const onlySurplus = counted.arrived === 0 && counted.surplus > 0;
  const source = owner === undefined ? only(there) : there.find((holding) => holding.owner === owner);
  if (source !== undefined) return { owner: source.owner, source, quantity: source.quantity };
  if (onlySurplus) return { owner: owner ?? line.order.supplier, source: undefined, quantity: 0 };
  if (owner === undefined && there.length > 1) return ambiguousOwner(line.goods, ownersOf(there));
  return nothingLeft(line.goods, on, owner, there, counted.arrived);
}

const only = (there: readonly Holding[]): Holding | undefined => (there.length === 1 ? there[0] : undefined);

function nothingLeft(
  goods: Goods,
  { shipment, lines }: Shipment,
  owner: string | undefined,
  there: readonly Holding[],
  asked: number,
): Rejected {
  const receivedFor = lines.get(lineKey(goods.order, goods.line));
  if (receivedFor === undefined) return insufficient(goods, { owner, stage: 'in_transit', shipment }, asked, 0);
  if (owner !== undefined && there.length > 0 && !receivedFor.includes(owner)) {
    return notTheOwner(goods, owner, ownersOf(there));
  }
  const whose = owner === undefined ? '' : ` for ${owner}`;
  return reject(
    'already-received',
    `Nothing of line ${goods.line} of order ${goods.order} is in transit on shipment ${shipment}${whose} any more. Report extra units as surplus, a correction as a count.`,
    { ...goods, shipment, owner, asked, available: 0 },
  );
}
