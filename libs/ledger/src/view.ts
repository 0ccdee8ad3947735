import type { LedgerEvent } from '#contracts/cloudEvent';
import type { SerialRange } from '#contracts/serials';
import type { Entity, EntityByPrefix, EntityKey, Prefix } from './entity.ts';
import type { UnitRange } from './unitRanges.ts';

/** Units that are together; undefined: that are nowhere in the ledger. */
export type FoundUnits = UnitRange & { readonly account: string | undefined };

/** The serial numbers of units that were found. */
export const rangeIn = ({ prefix, digits, from, to }: FoundUnits): SerialRange => ({ prefix, digits, from, to });

/** An event that the ledger has, with all that may stand on it: what a decision to take it back looks at. */
export interface Recorded {
  readonly event: LedgerEvent;
  /** The whole streams that it belongs to, but for stocks. */
  readonly streams: ReadonlyMap<EntityKey, readonly LedgerEvent[]>;
  /** Later events, not taken back, that name what it began, though they are in none of its streams. */
  readonly naming: readonly LedgerEvent[];
  /** So many events would have to be looked at, which is too many: `streams` and `naming` are not whole. */
  readonly tooMany?: number;
}

/**
 * What a decision may look at. Looking up something that was not loaded answers `undefined` (0 for `named`) and is
 * recorded by whoever made the view, who loads it and decides again: so the rules themselves say what they need.
 */
export interface View {
  entity(key: EntityKey): Entity | undefined;
  /**
   * Where units are, over the whole ledger: the range in pieces, in its order, each with the key (`accountKey`) of its account.
   */
  units(range: UnitRange): readonly FoundUnits[];
  /** The same for the units of several ranges (`rangesOf`), in their order. Several rules ask it about one list. */
  unitsOf(item: string, ranges: readonly SerialRange[]): readonly FoundUnits[];
  /** How many units of an account have a serial number by now. */
  named(account: string): number;
  /** The event of a sequence; undefined: there is none. */
  recorded(sequence: number): Recorded | undefined;
  /** The whole stream of an entity. */
  stream(key: EntityKey): readonly LedgerEvent[];
  /** Whether all that was looked up so far was loaded: otherwise nothing that was found out is kept, since it is decided again. */
  isWhole(): boolean;
}

/** An entity by its id: `entityOf(view, 'order', 'PO-1')`. */
export const entityOf = <P extends Prefix>(view: View, prefix: P, id: string): EntityByPrefix[P] | undefined =>
  view.entity(`${prefix}/${id}`) as EntityByPrefix[P] | undefined;

/** An entity that is known to be there, because `findNamed` has found it. Anything else is an Error. */
export function knownEntity<P extends Prefix>(view: View, prefix: P, id: string): EntityByPrefix[P] {
  const entity = entityOf(view, prefix, id);
  if (entity === undefined) throw new Error(`${prefix}/${id} was not looked for before the rule was asked`);
  return entity;
}
