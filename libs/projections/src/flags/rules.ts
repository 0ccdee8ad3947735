import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import type { FlagRule } from '#contracts/flagRows';
import { keyOf } from '#contracts/scalars';
import { groupBy } from '../reading/groupBy.ts';

/** A flag that an event raises. */
export interface RaisedFlag {
  readonly sequence: number;
  readonly rule: FlagRule;
  readonly parties: readonly string[];
  readonly item: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly events: readonly number[];
}

export const distinct = (...parties: string[]): string[] => [...new Set(parties)];

interface LineQuantity {
  readonly order: string;
  readonly line: string;
  readonly quantity: number;
}

/** Units of some lines, summed a line: what the facts of a flag name. */
export function perLine(all: Iterable<LineQuantity>): LineQuantity[] {
  const lines = new Map<string, LineQuantity>();
  for (const { order, line, quantity } of all) {
    const key = keyOf(order, line);
    lines.set(key, { order, line, quantity: quantity + (lines.get(key)?.quantity ?? 0) });
  }
  return [...lines.values()];
}

type OwnerChange = LedgerEvent<'lading.reallocation.made.v1' | 'lading.swap.executed.v1'>;

/**
 * `related-party`: a reallocation, or an executed swap, between parties of which one controls the other or both have a controller in
 * common, as known at the event. One flag a pair of parties and an item.
 */
export function relatedParty(event: OwnerChange, controls: Controls, proposed: number | undefined): RaisedFlag[] {
  const changes = event.data.moves.filter(({ from, to }) => from.owner !== to.owner);
  const pairs = groupBy(changes, ({ item, from, to }) => keyOf(...[from.owner, to.owner].sort(), item));
  return [...pairs.values()].flatMap((moves): RaisedFlag[] => {
    const [first] = moves;
    if (first === undefined) return [];
    const { item, from, to } = first;
    const controllers = commonControllers(from.owner, to.owner, controls);
    if (controllers.length === 0) return [];
    return [
      {
        sequence: event.sequence,
        rule: 'related-party',
        parties: [from.owner, to.owner],
        item,
        facts: { ...namesOf(event), controllers, lines: perLine(moves) },
        events: [...(proposed === undefined ? [] : [proposed]), event.sequence],
      },
    ];
  });
}

const namesOf = (event: OwnerChange): Record<string, unknown> =>
  event.type === 'lading.swap.executed.v1'
    ? { swap: event.data.swap }
    : { reallocation: event.data.reallocation, kind: event.data.kind, authorisedBy: event.data.authorisedBy };

/** Who controls whom: a party's controllers, which may be parties with controllers of their own. */
type Controls = ReadonlyMap<string, readonly string[]>;

/**
 * What relates two parties: the controllers that they have in common, directly or through others, where a party counts as its own
 * controller. So `[]` for strangers, and the party itself when it controls the other.
 */
export function commonControllers(one: string, other: string, controls: Controls): string[] {
  const others = controllersOf(other, controls);
  return [...controllersOf(one, controls)].filter((controller) => others.has(controller)).sort();
}

/** A party and whoever controls it, directly or through others. */
function controllersOf(party: string, controls: Controls): Set<string> {
  const found = new Set([party]);
  for (const one of found) for (const controller of controls.get(one) ?? []) found.add(controller);
  return found;
}

type Receipt = LedgerEvent<'lading.shipment.received.v1'>;

/** What of a receipt arrived: what was sent, lost units too, and what came in its place; not surplus, which is the supplier's. */
const arrived = ({ data }: Receipt) => (data.moves ?? []).filter(hasArrived);
export const hasArrived = ({ from, to }: Pick<Move, 'from' | 'to'>): boolean =>
  (to.stage === 'held' || to.stage === 'damaged') && !(from.stage === 'supply' && from.owner === to.owner);

/**
 * `redirected`: units received for another owner than the buyer of their order. An owner changes by a recorded reallocation or swap
 * only; `transfersOf` finds the ones behind these units. One flag an item, buyer and owner.
 */
export function redirected(
  receipt: Receipt,
  buyerOf: (order: string) => string | undefined,
  transfersOf: (order: string, line: string, owner: string) => readonly number[],
): RaisedFlag[] {
  const { sequence, data } = receipt;
  const elsewhere = arrived(receipt).filter(({ order, to }) => to.owner !== buyerOf(order));
  const groups = groupBy(elsewhere, ({ item, order, to }) => keyOf(item, buyerOf(order) ?? '', to.owner));
  return [...groups.values()].flatMap((moves): RaisedFlag[] => {
    const [first] = moves;
    if (first === undefined) return [];
    const owner = first.to.owner;
    const buyer = buyerOf(first.order) ?? owner;
    const events = new Set(moves.flatMap(({ order, line }) => transfersOf(order, line, owner)));
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
 * `diversion`: units received by someone who is neither the shipment's consignee, as it was at the receipt, nor their owner. One
 * flag an item and owner.
 */
export function diversion(receipt: Receipt, consignee: string | undefined): RaisedFlag[] {
  const { sequence, data } = receipt;
  if (data.by === consignee) return [];
  const diverted = arrived(receipt).filter(({ to }) => to.owner !== data.by);
  return [...groupBy(diverted, ({ item, to }) => keyOf(item, to.owner)).values()].flatMap((moves): RaisedFlag[] => {
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

/** One owner's units of one order line that are in transit on a shipment. */
export interface UnitsOnTheWay extends LineQuantity {
  readonly shipment: string;
  readonly owner: string;
  readonly item: string;
}

/**
 * `receipt-discrepancy`: damaged units, units beyond what was sent, or, by a final receipt, fewer than were sent: a line that it does
 * not name is missing as far as it was on the way. One flag an item. `left` is what is on the way on the shipment after the receipt.
 */
export function receiptDiscrepancy({ sequence, data }: Receipt, left: readonly UnitsOnTheWay[]): RaisedFlag[] {
  const wrong = countLines(data.lines, data.final === true ? left : []).filter(
    ({ damaged, surplus, missing }) => damaged + surplus + missing > 0,
  );
  return [...groupBy(wrong, ({ item }) => item)].map(
    ([item, lines]): RaisedFlag => ({
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

interface CountedLine {
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
function countLines(lines: Receipt['data']['lines'], missing: readonly UnitsOnTheWay[]): CountedLine[] {
  const counts = new Map<string, CountedLine>();
  const countOf = (
    { order, line, owner, item }: Pick<CountedLine, 'order' | 'line' | 'owner' | 'item'>,
    advised: number,
  ): CountedLine => {
    const key = keyOf(order, line, owner);
    const nothing = { received: 0, damaged: 0, surplus: 0, missing: 0 };
    const count = counts.get(key) ?? { order, line, owner, item, advised, ...nothing };
    counts.set(key, count);
    return count;
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
