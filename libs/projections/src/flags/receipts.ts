import type { LedgerEvent } from '#contracts/cloudEvent';
import { groupBy } from '../reading/groupBy.ts';
import type { Sent } from './onTheWay.ts';
import { distinct, perLine, type Raised } from './raised.ts';

export type Receipt = LedgerEvent<'lading.shipment.received.v1'>;

/** What of a receipt was sent and arrived, leaving out surplus, which nobody had sent. */
const arrived = ({ data }: Receipt) => (data.moves ?? []).filter(({ from }) => from.stage === 'in_transit');

/**
 * `redirected`: units received for another owner than the buyer of their order. An owner changes by a recorded reallocation or swap
 * only; `transfers` finds the ones behind these units. One flag an item, buyer and owner.
 */
export function redirected(
  receipt: Receipt,
  buyerOf: (order: string) => string | undefined,
  transfers: (order: string, line: string, owner: string) => readonly number[],
): Raised[] {
  const { sequence, data } = receipt;
  const elsewhere = arrived(receipt).filter(({ order, to }) => to.owner !== buyerOf(order));
  const groups = groupBy(elsewhere, ({ item, order, to }) => [item, buyerOf(order), to.owner].join('|'));
  return [...groups.values()].flatMap((moves): Raised[] => {
    const [first] = moves;
    if (first === undefined) return [];
    const owner = first.to.owner;
    const buyer = buyerOf(first.order) ?? owner;
    const events = new Set(moves.flatMap(({ order, line }) => transfers(order, line, owner)));
    return [
      {
        sequence,
        rule: 'redirected',
        parties: distinct(buyer, owner, data.by),
        item: first.item,
        facts: { shipment: data.shipment, buyer, owner, by: data.by, lines: perLine(moves) },
        events: [...[...events].sort((a, b) => a - b), sequence],
      },
    ];
  });
}

/**
 * `diversion`: units received by someone who is neither the shipment's consignee, as it stands at the receipt, nor their owner. One
 * flag an item and owner.
 */
export function diversion(receipt: Receipt, consignee: string | undefined): Raised[] {
  const { sequence, data } = receipt;
  if (data.by === consignee) return [];
  const diverted = arrived(receipt).filter(({ to }) => to.owner !== data.by);
  return [...groupBy(diverted, ({ item, to }) => `${item}|${to.owner}`).values()].flatMap((moves): Raised[] => {
    const [first] = moves;
    if (first === undefined) return [];
    const { owner } = first.to;
    return [
      {
        sequence,
        rule: 'diversion',
        parties: distinct(owner, data.by, ...(consignee === undefined ? [] : [consignee])),
        item: first.item,
        facts: { shipment: data.shipment, owner, by: data.by, consignee: consignee ?? null, lines: perLine(moves) },
        events: [sequence],
      },
    ];
  });
}

/**
 * `receipt-discrepancy`: damaged units, units beyond what was sent, or, by a final receipt, fewer than were sent: a line that it does
 * not name is missing as far as it was on the way. One flag an item. `left` is what is on the way on the shipment after the receipt.
 */
export function receiptDiscrepancy({ sequence, data }: Receipt, left: readonly Sent[]): Raised[] {
  const wrong = counted(data.lines, data.final === true ? left : []).filter(
    ({ damaged, surplus, missing }) => damaged + surplus + missing > 0,
  );
  return [...groupBy(wrong, ({ item }) => item)].map(
    ([item, lines]): Raised => ({
      sequence,
      rule: 'receipt-discrepancy',
      parties: distinct(...lines.map(({ owner }) => owner), data.by),
      item,
      facts: {
        shipment: data.shipment,
        by: data.by,
        final: data.final ?? false,
        lines: lines.map(({ item: _, ...line }) => line),
      },
      events: [sequence],
    }),
  );
}

interface Counted {
  readonly order: string;
  readonly line: string;
  readonly owner: string;
  readonly item: string;
  readonly advised: number;
  received: number;
  damaged: number;
  surplus: number;
  missing: number;
}

/** What a receipt counted of each line and owner, however often it names them; and what is missing of those and of others. */
function counted(lines: Receipt['data']['lines'], missing: readonly Sent[]): Counted[] {
  const counts = new Map<string, Counted>();
  const countOf = ({ order, line, owner, item }: Omit<Sent, 'shipment' | 'quantity'>, advised: number): Counted => {
    const key = `${order}|${line}|${owner}`;
    const found = counts.get(key) ?? {
      order,
      line,
      owner,
      item,
      advised,
      received: 0,
      damaged: 0,
      surplus: 0,
      missing: 0,
    };
    counts.set(key, found);
    return found;
  };
  for (const { received, damaged = 0, surplus = 0, advised, ...line } of lines) {
    const count = countOf(line, advised);
    count.received += received;
    count.damaged += damaged;
    count.surplus += surplus;
  }
  for (const { quantity, ...line } of missing) countOf(line, quantity).missing += quantity;
  return [...counts.values()];
}
