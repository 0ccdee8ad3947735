import type { z } from 'zod';
import { bounded } from './bounded.ts';

/** The writing service that takes an event type; `ledger` events are written by the ledger itself. */
export type Service = 'shipments' | 'reallocations' | 'swaps' | 'ledger';

/**
 * What an event is to the stream of its subject: the first event of it (`begins`), a later one (`continues`), or whichever
 * comes (`either`). `none`: it changes nothing but the accounts of orders, so it is in their streams alone.
 */
export type PlaceInStream = 'begins' | 'continues' | 'either' | 'none';

interface Definition<S extends z.ZodType = z.ZodType, C extends z.ZodType = z.ZodType> {
  readonly service: Service;
  /** What a submitter sends as `data`. */
  readonly submitted: S;
  /** What the ledger keeps as `data`: the submitted fields, and what it adds. */
  readonly completed: C;
  /** The one thing that the event is about, `shipment/S-1`. */
  readonly subject: (data: z.output<S>) => string;
  readonly stream: PlaceInStream;
}

/** An event type: its two shapes, who takes it, what it is about. */
export function define<S extends z.ZodType, C extends z.ZodType>(definition: Definition<S, C>): Definition<S, C> {
  return { ...definition, submitted: bounded(definition.submitted) };
}
