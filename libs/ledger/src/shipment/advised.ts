import { accountKey, type Goods, type Holding } from '../account.ts';
import { inTurn, ownersOf } from '../booking/source.ts';
import { type OrRejected, type Rejected, reject } from '../decision.ts';
import { lineKey, type Shipment } from '../entity.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import { ambiguousOwner, insufficient, notTheOwner } from '../rejections.ts';

interface Advised {
  readonly owner: string;
  /** What is in transit, in the order in which it arrives, then what was lost of it; nothing when only surplus came. */
  readonly sources: readonly Holding[];
  /** How many are in transit. */
  readonly quantity: number;
}

/** What a receipt says of one line: units that were sent and arrived, and units that were not. */
interface Counted {
  readonly arrived: number;
  readonly surplus: number;
  /** Whether another item came in their place: then what was lost stays lost. */
  readonly isReplaced?: boolean;
}

/**
 * What a receipt's line was advised of: one owner's units of a line in transit on a shipment, and those of it that were lost, for
 * they may arrive after all. Surplus alone is the supplier's and needs nothing in transit. Rejects with `ambiguous-owner`,
 * `already-received` when nothing is left, `not-the-owner`, and `insufficient-quantity` when there are fewer, or the line was
 * never dispatched on that shipment.
 */
export function advisedTo(
  line: FoundLine,
  on: Shipment,
  owner: string | undefined,
  counted: Counted,
): OrRejected<Advised> {
  const { arrived } = counted;
  const { shipment } = on;
  const inTransit = holdingsAt(line.state, { stage: 'in_transit', shipment });
  const lost = arrived > 0 && counted.isReplaced !== true ? lostOf(line, on) : [];
  const there = owner === undefined && inTransit.length > 0 ? inTransit : [...inTransit, ...lost];
  const owners = owner === undefined ? ownersOf(there) : there.some((one) => one.owner === owner) ? [owner] : [];
  const [whose] = owners;
  if (whose !== undefined && owners.length === 1) {
    const sent = inTurn(
      inTransit.filter((one) => one.owner === whose),
      on,
    );
    return { owner: whose, sources: [...sent, ...lost.filter((one) => one.owner === whose)], quantity: sum(sent) };
  }
  if (arrived === 0 && counted.surplus > 0) return { owner: owner ?? line.order.supplier, sources: [], quantity: 0 };
  if (owner === undefined && owners.length > 1)
    return ambiguousOwner(line.goods, { stage: 'in_transit', shipment }, owners);
  return nothingLeft(line.goods, on, owner, inTransit, arrived);
}

export const sum = (holdings: readonly Holding[]): number =>
  holdings.reduce((units, { quantity }) => units + quantity, 0);

/** What was lost of a line on a shipment, as far as nobody has found it elsewhere since. */
function lostOf({ state }: FoundLine, { lost }: Shipment): Holding[] {
  if (lost.size === 0) return [];
  const there = holdingsAt(state, { stage: 'lost' }).flatMap((holding) => {
    const quantity = Math.min(holding.quantity, lost.get(accountKey(holding)) ?? 0);
    return quantity > 0 ? [{ ...holding, quantity }] : [];
  });
  return there.sort((a, b) => (a.custodian < b.custodian ? -1 : 1));
}

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
    return notTheOwner(goods, { stage: 'in_transit', shipment }, owner, ownersOf(there));
  }
  const whose = owner === undefined ? '' : ` for ${owner}`;
  return reject(
    'already-received',
    `Nothing of line ${goods.line} of order ${goods.order} is in transit on shipment ${shipment}${whose} any more. Report extra units as surplus, a correction as a count.`,
    { ...goods, shipment, owner, asked, available: 0 },
  );
}
