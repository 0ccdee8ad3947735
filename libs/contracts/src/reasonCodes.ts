import { z } from 'zod';
import { Reason } from './scalars.ts';

/**
 * Why something was done, for programs: beside the free text of every event that has a `reason`. The kinds of reason that the forms of the
 * field tell apart (order changes, despatch and receiving advices, returns). A code may be added, none is ever taken out.
 */
export const reasonCodes = {
  shortage: 'there are not enough units for everybody',
  priority: "another's need goes first",
  capacity: 'there is no room or no hands for them, at a plant, a carrier or a site',
  delay: 'something before it is late',
  discontinued: 'the item is no longer made, or another takes its place',
  consolidation: 'orders or shipments are put together, or divided',
  customer_request: 'who buys or owns them asked for it',
  supplier_request: 'who supplies them asked for it',
  demand_change: 'more, fewer or none are needed, or at another time',
  exchange: 'units are given for others',
  loan: 'on loan, or back from it',
  contract: 'an agreement says so',
  pricing: 'the price',
  payment: 'not paid, or no credit',
  export_control: 'a licence, a list or a sanction',
  customs: 'held or refused by customs',
  legal: 'a court, an authority or a claim',
  quality: 'they do not do what they should',
  damage: 'they broke, or were broken on arrival',
  repair: 'they are repaired, or go to be',
  recall: 'the maker wants them back',
  wrong_item: 'another item than ordered',
  wrong_quantity: 'more or fewer than ordered or sent',
  wrong_address: 'sent or sold to the wrong place or party',
  transport: 'the way: a missed flight, a closed road, another carrier',
  force_majeure: 'weather, war, a strike',
  theft: 'stolen',
  stocktaking: 'found by counting',
  end_of_life: 'worn out, or of no more use',
  duplicate: 'ordered or said twice',
  error: 'something was ordered or recorded wrongly',
  other: 'something else: say what in the text',
} as const satisfies Readonly<Record<string, string>>;

export const ReasonCode = z.enum(Object.keys(reasonCodes) as (keyof typeof reasonCodes)[]);
export type ReasonCode = z.infer<typeof ReasonCode>;

/** Why something was done: for people, and for programs. Each alone, both or none. */
export const why = { reason: Reason.optional(), reasonCode: ReasonCode.optional() };
