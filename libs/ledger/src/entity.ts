import type { Completed } from '#contracts/catalog';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { HeldLine } from '#contracts/move';
import type { ConfirmationCode } from '#contracts/orderEvents';
import { keyOf, type Window } from '#contracts/scalars';
import type { Holding } from './account.ts';
import type { Occurrence } from './overtaken.ts';

/** What every entity has: the sequence of the last event of its stream. It is the stream's ETag. */
interface Versioned {
  readonly version: number;
}

interface Party extends Versioned {
  readonly kind: 'party';
  readonly data: Completed<'lading.party.registered.v1'>;
  /** What said it last. */
  readonly said: Occurrence;
}

interface Item extends Versioned {
  readonly kind: 'item';
  readonly data: Completed<'lading.item.registered.v1'>;
  /** What said it last. */
  readonly said: Occurrence;
}

/** Units of a line that nobody else may take from their owner, until a moment: it is judged by recorded time. */
export interface LineHold extends HeldLine {
  /** The swap, or the hold of its own, that holds them. */
  readonly for: EntityKey;
  readonly until: string;
}

/** What the supplier promised of a line when it confirmed it last, by the newest occurrence. */
export interface Promised extends Occurrence {
  readonly code: ConfirmationCode;
  /** Units; none of a line that was rejected. */
  readonly quantity: number;
  /** When they are to arrive; undefined when the supplier did not say, or promised nothing. */
  readonly window?: Window | undefined;
}

export interface OrderLine {
  readonly line: string;
  readonly item: string;
  /** The line's total in units; cancelled units are not counted. */
  readonly quantity: number;
  readonly window: Window;
  /** What changed the total last, and what said the window last. */
  readonly said: { readonly quantity: Occurrence; readonly window: Occurrence };
  /** By `accountKey`; accounts at zero are left out. */
  readonly accounts: ReadonlyMap<string, Holding>;
  /**
   * For each shipment with units of this line in transit, the sequence at which they were dispatched. A shipment that has
   * arrived is left out: an order that is delivered in thousands of shipments stays as small as what it has under way.
   */
  readonly dispatched: ReadonlyMap<string, number>;
  /**
   * By `accountKey`, for accounts of ordered and of held units, also those with nothing on them: what last moved units there, or
   * counted them. A count of them, or a cancellation of all of them, that occurred before it comes too late.
   */
  readonly moved: ReadonlyMap<string, Occurrence>;
  readonly promised?: Promised | undefined;
  /** What is held of it. One that is over may still be here: whoever looks judges it by the clock. */
  readonly holds: readonly LineHold[];
}

/** The only entity with quantities. */
export interface Order extends Versioned {
  readonly kind: 'order';
  readonly order: string;
  readonly buyer: string;
  readonly supplier: string;
  /** As placed and added: none is ever taken out. An event copies this array and the lines that it changes. */
  readonly lines: readonly OrderLine[];
  /** Where each line stands in `lines`; shared by all versions of the order. */
  readonly index: ReadonlyMap<string, number>;
}

/** Names a line among those of several orders. */
export const lineKey = (order: string, line: string): string => keyOf(order, line);

export interface Shipment extends Versioned {
  readonly kind: 'shipment';
  readonly shipment: string;
  readonly consignee: string;
  readonly carrier: string;
  readonly destination: string | undefined;
  readonly eta: string | undefined;
  /** What said each part of the header last. */
  readonly said: {
    readonly consignee: Occurrence;
    readonly carrier: Occurrence;
    readonly destination: Occurrence;
    readonly eta: Occurrence;
  };
  /** The orders with units on it, in the order they were dispatched. */
  readonly orders: readonly string[];
  /** By `lineKey`: every line that was ever dispatched on it, with the owners for whom some of it was received. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
  /** What was lost of it and has not arrived after all, by the key of the account that it was lost to. */
  readonly lost: ReadonlyMap<string, number>;
  /** Whether anything of it was received: from then on nothing more is dispatched on it. */
  readonly received: boolean;
}

type SwapStatus = 'proposed' | 'accepted' | 'rejected' | 'withdrawn' | 'executed';

export interface Swap extends Versioned {
  readonly kind: 'swap';
  /** As proposed. */
  readonly terms: Completed<'lading.swap.proposed.v1'>;
  readonly status: SwapStatus;
  /** Who accepted so far; a party that proposes has. */
  readonly accepted: readonly string[];
  /** Until when it holds what its legs take; swaps that were accepted before swaps held anything do not. */
  readonly until?: string | undefined;
}

/** Units of one order line in a stock. */
export interface StockAccount {
  readonly order: string;
  readonly line: string;
  readonly quantity: number;
}

/**
 * What a party itself owns and holds of an item, of whatever order lines: a supplier delivers these units before new ones. The units
 * are the orders' (their accounts); a stock knows where to look for them, and which came first.
 */
export interface Stock extends Versioned {
  readonly kind: 'stock';
  readonly party: string;
  readonly item: string;
  /** By `lineKey`; the account that has had units for longest comes first. */
  readonly chunks: readonly ReadonlyMap<string, StockAccount>[];
}

/** Units that their owner keeps for a purpose. The orders' lines say which; here is what it takes to end it. */
export interface Hold extends Versioned {
  readonly kind: 'hold';
  readonly hold: string;
  readonly owner: string;
  readonly until: string;
  readonly orders: readonly string[];
  readonly status: 'open' | 'released';
}

/** A fact that happens once under its id: a reallocation, a return, a ledger's opening. */
interface Once extends Versioned {
  readonly kind: 'once';
}

/** A paper that something was reported by, and the event that has it. */
interface Document extends Versioned {
  readonly kind: 'document';
  readonly id: string;
  readonly time: string;
}

/** What a supplier said of a period last. */
export interface Commitment extends Occurrence {
  readonly period: Window;
  /** Units; 0: the period has no commitment any more. */
  readonly quantity: number;
}

/** What a supplier has committed to of an item. */
export interface Commitments extends Versioned {
  readonly kind: 'commitments';
  readonly supplier: string;
  readonly item: string;
  /** In the order in which they were said last. Those that have days in common have units in one of them at most. */
  readonly periods: readonly Commitment[];
}

export interface EntityByPrefix {
  readonly party: Party;
  readonly item: Item;
  readonly order: Order;
  readonly shipment: Shipment;
  readonly swap: Swap;
  readonly reallocation: Once;
  readonly return: Once;
  readonly hold: Hold;
  readonly document: Document;
  readonly stock: Stock;
  readonly commitments: Commitments;
  /** What took an event back, by the event's sequence. */
  readonly event: Once;
}
export type Prefix = keyof EntityByPrefix;
export type Entity = EntityByPrefix[Prefix] | Once;

/**
 * The document that an event names: one of its type and source. Numbers of documents are whoever's who wrote them, so two sources may
 * use the same; and an advice and its receipt often have one number.
 */
export function documentOf({
  type,
  source,
  data,
}: Pick<LedgerEvent, 'type' | 'source'> & { data: object }): EntityKey | undefined {
  const { document } = data as { readonly document?: string };
  if (document === undefined) return undefined;
  return `document/${keyOf(type, source, document)}`;
}

/** Names an entity's stream: `order/PO-1`. The ledger's own is `ledger`. */
export type EntityKey = `${Prefix}/${string}` | 'ledger';

/** Names what a supplier has committed to of an item. */
export const commitmentsKey = (supplier: string, item: string): EntityKey =>
  `commitments/${JSON.stringify([supplier, item])}`;

/** Names the stock of a party and an item. Ids may hold any separator, so it is JSON. */
export const stockKey = (party: string, item: string): EntityKey => `stock/${JSON.stringify([party, item])}`;
