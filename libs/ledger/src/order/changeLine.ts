import type { Submitted } from '#contracts/catalog';
import type { Window } from '#contracts/scalars';
import { book } from '../booking/book.ts';
import type { Draw } from '../booking/draw.ts';
import { nothingToName } from '../booking/nothingToName.ts';
import type { Rule } from '../command.ts';
import { accept, type Decision, isRejected, type Or, reject } from '../decision.ts';
import { unregistered } from '../party/registered.ts';
import type { View } from '../view.ts';
import { findLine, type LineOf } from './line.ts';
import { cancelUnits, reducible } from './reduceLine.ts';

type Changed = Submitted<'lading.order.line_changed.v1'>;

/**
 * Changes a line's delivery window, its total quantity, or both. What is added is ordered for the buyer; what is taken
 * off comes out of one owner's ordered units. A change to what is there already is `nothing-to-do`.
 */
export const changeLine: Rule<'lading.order.line_changed.v1'> = (data, view) => {
  const line = findLine(view, data);
  const unknown = unregistered(view, [['owner', data.owner]]);
  if (isRejected(line)) return line;
  if (unknown !== undefined) return unknown;

  const previous = { quantity: line.is.quantity, window: line.is.window };
  const more = (data.quantity ?? previous.quantity) - previous.quantity;
  if (more === 0) return changeWindow(data, line, view);

  const draw = more > 0 ? increase(line, data, more) : decrease(line, data, -more);
  if (isRejected(draw)) return draw;
  const moves = book(view, [draw]);
  if (isRejected(moves)) return moves;
  const owner = (more > 0 ? draw.to : draw.from).owner;
  return accept<'lading.order.line_changed.v1'>({ ...data, owner, previous, moves });
};

function changeWindow(data: Changed, line: LineOf, view: View): Decision<'lading.order.line_changed.v1'> {
  const { quantity, window } = line.is;
  if (data.window === undefined || same(data.window, window)) {
    return reject('nothing-to-do', `Line ${data.line} of order ${data.order} is as this change would make it.`, {
      order: data.order,
      line: data.line,
      quantity,
      window,
    });
  }
  return (
    nothingToName(view, line, data.serials) ??
    accept<'lading.order.line_changed.v1'>({ ...data, previous: { quantity, window } })
  );
}

const same = (a: Window, b: Window): boolean => a.from === b.from && a.to === b.to;

function increase(line: LineOf, { owner, serials }: Changed, quantity: number): Or<Draw> {
  const { buyer, supplier } = line.of;
  if (owner !== undefined && owner !== buyer) {
    return reject(
      'not-the-owner',
      `What is added to a line is ordered for its buyer, ${buyer}. Leave the owner out, and reallocate the units then.`,
      { order: line.order, line: line.line, owner, owners: [buyer] },
    );
  }
  return {
    line,
    quantity,
    serials,
    from: { owner: supplier, custodian: supplier, stage: 'supply' },
    to: { owner: buyer, custodian: supplier, stage: 'ordered' },
  };
}

function decrease(line: LineOf, data: Changed, quantity: number): Or<Draw> {
  const ordered = reducible(line, data, quantity);
  return isRejected(ordered) ? ordered : cancelUnits(line, ordered, quantity, data.serials);
}
