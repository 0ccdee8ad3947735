import type { Entity, EntityByPrefix, EntityKey, Prefix } from './entity.ts';

/**
 * What a decision may look at. Looking up something that was not loaded answers `undefined` (0 for `named`) and is
 * noted by whoever made the view, who loads it and decides again: so the rules themselves say what they need.
 */
export interface View {
  entity(key: EntityKey): Entity | undefined;
  /** The key (`accountKey`) of the account that a serial number is in, over the whole ledger. */
  unit(item: string, serial: string): string | undefined;
  /** How many units of an account have a serial number by now. */
  named(account: string): number;
}

/** An entity by its id: `find(view, 'order', 'PO-1')`. */
export const find = <P extends Prefix>(view: View, prefix: P, id: string): EntityByPrefix[P] | undefined =>
  view.entity(`${prefix}/${id}`) as EntityByPrefix[P] | undefined;
