import type { Holding } from '../account.ts';
import { ambiguousOwner, insufficient, notTheOwner, ownersOf } from '../booking/owner.ts';
import { type Or, type Rejected, reject } from '../decision.ts';
import { lineKey, type Shipment } from '../entity.ts';
import { holdingsAt, type LineOf } from '../order/line.ts';

export interface Advised {
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
export function advisedTo(line: LineOf, on: Shipment, owner: string | undefined, counted: Counted): Or<Advised> {
  const { shipment } = on;
  const there = holdingsAt(line.is, { stage: 'in_transit', shipment });
  const onlySurplus = counted.arrived === 0 && counted.surplus > 0;
  const source = owner === undefined ? only(there) : there.find((holding) => holding.owner === owner);
  if (source !== undefined) return { owner: source.owner, source, quantity: source.quantity };
  if (onlySurplus) return { owner: owner ?? line.of.supplier, source: undefined, quantity: 0 };
  if (owner === undefined && there.length > 1) return ambiguousOwner(line, ownersOf(there));
  return nothingLeft(line, on, owner, there, counted.arrived);
}

const only = (there: readonly Holding[]): Holding | undefined => (there.length === 1 ? there[0] : undefined);

function nothingLeft(
  line: LineOf,
  { shipment, lines }: Shipment,
  owner: string | undefined,
  there: readonly Holding[],
  asked: number,
): Rejected {
  const receivedFor = lines.get(lineKey(line.order, line.line));
  if (receivedFor === undefined) return insufficient(line, { owner, stage: 'in_transit', shipment }, asked, 0);
  if (owner !== undefined && there.length > 0 && !receivedFor.includes(owner)) {
    return notTheOwner(line, owner, ownersOf(there));
  }
  const whose = owner === undefined ? '' : ` for ${owner}`;
  return reject(
    'already-received',
    `Nothing of line ${line.line} of order ${line.order} is in transit on shipment ${shipment}${whose} any more. Report extra units as surplus, a correction as a count.`,
    { order: line.order, line: line.line, item: line.item, shipment, owner, asked, available: 0 },
  );
}
