/** Units in a place, as the model has them. */
interface Here {
  owner: string;
  custodian: string;
  stage: string;
  shipment: string;
  order: string;
  line: string;
  item: string;
  quantity: number;
  place: string;
}

/** What somebody has ordered of a line, and a supply without an end: where units are sent from, when more of them may be than are ordered. */
export function orderedAndMore(
  asked: { order: string; line: string; owner?: string | undefined },
  { buyer, supplier, lines }: { buyer: string; supplier: string; lines: ReadonlyMap<string, { item: string }> },
  there: readonly Here[],
): Here[] | undefined {
  const mine = there.filter(({ stage, owner }) => stage === 'ordered' && owner === (asked.owner ?? owner));
  if (mine.length > 1) return undefined;
  const owner = mine[0]?.owner ?? asked.owner ?? buyer;
  if (owner !== buyer && there.every((here) => here.owner !== owner)) return undefined;
  return orderedThenSupply(asked, { supplier, lines }, there, owner);
}

/** The same for one owner. */
export function orderedThenSupply(
  { order, line }: { order: string; line: string },
  { supplier, lines }: { supplier: string; lines: ReadonlyMap<string, { item: string }> },
  there: readonly Here[],
  owner: string,
): Here[] {
  const mine = there.find((here) => here.stage === 'ordered' && here.owner === owner);
  const at = (whose: string, stage: string, quantity: number): Here => {
    const place = [whose, supplier, stage, '-', order, line].join(' ');
    const item = lines.get(line)!.item;
    return { owner: whose, custodian: supplier, stage, shipment: '-', order, line, item, quantity, place };
  };
  return [mine ?? at(owner, 'ordered', 0), at(supplier, 'supply', Infinity)];
}

interface Sides {
  readonly buyer: string;
  readonly supplier: string;
  readonly lines: ReadonlyMap<string, { item: string }>;
}

/** Whether a line can stand for another: of another item, between the same two. */
export function canReplace(
  orders: ReadonlyMap<string, Sides>,
  sent: { order: string; line: string },
  ordered: { order: string; line: string },
): boolean {
  const [one, other] = [orders.get(sent.order), orders.get(ordered.order)];
  const [item, instead] = [one?.lines.get(sent.line)?.item, other?.lines.get(ordered.line)?.item];
  if (item === undefined || instead === undefined || item === instead) return false;
  return one!.buyer === other!.buyer && one!.supplier === other!.supplier;
}
