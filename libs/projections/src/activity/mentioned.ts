import type { LedgerEvent } from '#contracts/cloudEvent';
import { movesOf } from '#ledger/touched';

export interface Mentioned {
  readonly parties: string[];
  readonly items: string[];
  /** The units that the event moves. */
  readonly quantity: number;
}

/** Fields of an event's data that name a party. */
const PARTY_FIELDS = [
  'party',
  'keeper',
  'by',
  'from',
  'to',
  'buyer',
  'supplier',
  'owner',
  'custodian',
  'consignee',
  'carrier',
];

/** The parties and items that an event names or whose units it moves, each once, in the order in which it names them. */
export function mentioned(event: LedgerEvent): Mentioned {
  const parties = new Set<string>();
  const items = new Set<string>();
  const data = event.data as Record<string, unknown>;
  for (const field of PARTY_FIELDS) if (typeof data[field] === 'string') parties.add(data[field]);
  if (event.type === 'lading.item.registered.v1') items.add(event.data.item);
  let quantity = 0;
  for (const move of movesOf(event)) {
    parties.add(move.from.owner).add(move.to.owner).add(move.from.custodian).add(move.to.custodian);
    items.add(move.item);
    quantity += move.quantity;
  }
  if (event.type === 'lading.swap.proposed.v1') {
    for (const { from, to, item } of event.data.legs) {
      parties.add(from).add(to);
      items.add(item);
    }
  }
  return { parties: [...parties], items: [...items], quantity };
}
