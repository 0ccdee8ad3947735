import type { z } from 'zod';
import { bounded } from './bounded.ts';

/** The writing service that takes an event type; `ledger` events are written by the ledger itself. */
export type Service = 'shipments' | 'reallocations' | 'swaps' | 'ledger';

/**
 * What an event is to the stream of its subject: the first event of it (`begins`), a later one (`continues`), or whichever
 * comes (`either`). `none`: it changes nothing but the accounts of orders, so it is in their streams alone.
 */
export type PlaceInStream = 'begins' | 'continues' | 'either' | 'none';

/**
 * Who an event may come from, when it comes from a key that speaks for a party: what the party must be to what the event says.
 * A key that speaks for none, and an `admin`, act for all.
 */
export const entitlements = {
  party: 'the party that it registers; its roles stay, and so do the controllers that are known',
  maker: 'the maker of the item, which the event names and, when the item is there, the ledger has',
  supplier:
    'whom `supplier` names; else the supplier of every order that it names; of one on the shipment, where it names none',
  buyer: 'the buyer of every order that it names',
  initiator: "the order's supplier when `initiator` is `seller`, its buyer when it is `buyer`",
  carrier: 'whoever has the units in transit: the carrier of the shipment, or the one that it handed them to',
  owner: 'whom `owner` names; of a release, whose units the hold is of',
  by: 'whom `by` names',
  from: 'whom `from` names',
  custodian: 'whom `custodian` names',
} as const;
export type Entitlement = keyof typeof entitlements;

interface Definition<S extends z.ZodType = z.ZodType, C extends z.ZodType = z.ZodType> {
  readonly service: Service;
  /** What a submitter sends as `data`. */
  readonly submitted: S;
  /** What the ledger keeps as `data`: the submitted fields, and what it adds. */
  readonly completed: C;
  /** The one thing that the event is about, `shipment/S-1`. */
  readonly subject: (data: z.output<S>) => string;
  readonly stream: PlaceInStream;
  /** Which parties may say it, each of them alone. None: only a key that speaks for no party. */
  readonly entitled: readonly Entitlement[];
}

/** An event type: its two shapes, who takes it, what it is about. */
export function define<S extends z.ZodType, C extends z.ZodType>(definition: Definition<S, C>): Definition<S, C> {
  return { ...definition, submitted: bounded(definition.submitted) };
}
