import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { movesOf } from '#ledger/touched';
import { type UnitChanges, unitChanges } from '#ledger/units';
import { find, type View } from '#ledger/view';
import { moveRest, placeUnits } from '../sql/units.ts';

/**
 * How an event moves units with serial numbers; undefined when it moves none. Looks up the items of its moves: that may be
 * what is missing.
 */
export function serialMoves(event: LedgerEvent, view: View): UnitChanges | undefined {
  const changes = unitChanges(movesOf(event), (item) => find(view, 'item', item)?.data.tracking === 'serial');
  return changes.named.length > 0 || changes.rest.length > 0 ? changes : undefined;
}

/**
 * Books where an event's units are now. What the event names is placed last, wherever it is then: so the moves that take the
 * rest of an account cannot take it along.
 */
export async function moveUnits(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  { named, rest }: UnitChanges,
): Promise<void> {
  if (rest.length > 0) await moveRest(client, ledger, head, rest);
  if (named.length > 0) await placeUnits(client, ledger, named);
}
