import { type LedgerEvent, isVoid, takenBack } from '#contracts/cloudEvent';
import { eachName, namingIn } from '#contracts/names';
import { exactMicroseconds, type Named } from '#contracts/scalars';
import { Fold } from '#ledger/fold';

/** What can be asked for of a ledger's events: all of what is given must be so. */
export interface Choice {
  /** Sequences, both inclusive. */
  readonly first?: number | undefined;
  readonly last?: number | undefined;
  /** When they were recorded, both inclusive: RFC 3339. */
  readonly recordedFrom?: string | undefined;
  readonly recordedTo?: string | undefined;
  /** What the events are about. */
  readonly order?: string | undefined;
  readonly party?: string | undefined;
  readonly shipment?: string | undefined;
  readonly swap?: string | undefined;
  /** A unit: its item and its serial number, also where an event moved it without naming it. */
  readonly item?: string | undefined;
  readonly serial?: string | undefined;
}

/** Whether an event is among those that were asked for. It must be shown every event of the ledger, from the first one on. */
export function chooses(choice: Choice): (event: LedgerEvent) => boolean {
  const { first = 1, last = Infinity, recordedFrom, recordedTo, item, serial } = choice;
  const from = recordedFrom === undefined ? undefined : exactMicroseconds(recordedFrom);
  const to = recordedTo === undefined ? undefined : exactMicroseconds(recordedTo);
  const isOfUnit = item === undefined || serial === undefined ? undefined : movesUnit(item, serial);
  const named = (['order', 'party', 'shipment', 'swap'] as const).flatMap((what) => {
    const id = choice[what];
    return id === undefined ? [] : [{ what, id }];
  });
  return (event) => {
    // Where a unit is follows from every event, also from those that were not asked for.
    const isUnits = isOfUnit?.(event) ?? true;
    if (event.sequence < first || event.sequence > last || !isUnits) return false;
    const recorded = from === undefined && to === undefined ? undefined : exactMicroseconds(event.recordedtime);
    if (recorded !== undefined && ((from !== undefined && recorded < from) || (to !== undefined && recorded > to)))
      return false;
    return named.every(({ what, id }) => names(event, what, id));
  };
}

/** Whether an event names this; what takes an event back is also about what that was about. */
function names(event: LedgerEvent, kind: Named, id: string): boolean {
  let isNamed = false;
  for (const one of isVoid(event) ? [event, takenBack(event)] : [event])
    eachName(namingIn(one.type).completed, one.data, (name, { what }) => {
      isNamed ||= what === kind && name === id;
    });
  return isNamed;
}

function movesUnit(item: string, serial: string): (event: LedgerEvent) => boolean {
  const fold = new Fold();
  return (event) => {
    const before = fold.unit(item, serial);
    fold.apply(event);
    return fold.unit(item, serial) !== before;
  };
}
