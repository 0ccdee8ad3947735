import { book } from '../booking/book.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected } from '../decision.ts';
import { unregistered } from '../party/registered.ts';
import { findLine } from './line.ts';
import { cancelUnits, reducible } from './reduceLine.ts';

/** Cancels ordered units of one owner on a line; without a quantity, all that it still has ordered there. */
export const cancelLine: Rule<'lading.order.line_cancelled.v1'> = (data, view) => {
  const line = findLine(view, data);
  const unknown = unregistered(view, [['owner', data.owner]]);
  if (isRejected(line)) return line;
  if (unknown !== undefined) return unknown;

  const ordered = reducible(line, data, data.quantity ?? 1);
  if (isRejected(ordered)) return ordered;
  const quantity = data.quantity ?? ordered.quantity;
  const moves = book(view, [cancelUnits(line, ordered, quantity, data.serials)]);
  if (isRejected(moves)) return moves;
  return accept<'lading.order.line_cancelled.v1'>({ ...data, owner: ordered.owner, quantity, moves });
};
