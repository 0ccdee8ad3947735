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
  const { order, line } = asked;
  const at = (whose: string, stage: string, quantity: number): Here => {
    const place = [whose, supplier, stage, '-', order, line].join(' ');
    const item = lines.get(line)!.item;
    return { owner: whose, custodian: supplier, stage, shipment: '-', order, line, item, quantity, place };
  };
  return [mine[0] ?? at(owner, 'ordered', 0), at(supplier, 'supply', Infinity)];
}
