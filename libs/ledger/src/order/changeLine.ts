import type { Submitted } from '#contracts/catalog';
import { withMore } from '#contracts/cloudEvent';
import type { Window } from '#contracts/scalars';
import { book } from '../booking/book.ts';
import type { Draw } from '../booking/draw.ts';
import { bringBack } from '../booking/origins.ts';
import { namesNothing } from '../booking/checkSerials.ts';
import type { Rule } from '../command.ts';
import { accept, type Decision, isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import { overtaken } from '../overtaken.ts';
import { cancelUnits, reducible } from './cancelLine.ts';
import type { View } from '../view.ts';
import type { FoundLine } from './line.ts';

type Changed = Submitted<'lading.order.line_changed.v1'>;

/**
 * Changes a line's delivery window, its total quantity, or both. What is added is ordered for the buyer; what is taken
 * off comes out of one owner's ordered units. A change to what is there already is `nothing-to-do`, one of what a later occurrence
 * changed is `overtaken`.
 */
export const changeLine: Rule<'lading.order.line_changed.v1'> = (data, { view, now, time, lines: [line] }) => {
  if (line === undefined) throw new Error('a change names a line');
  const late = saidLater(data, line, time);
  if (late !== undefined) return late;
  const { quantity, window } = line.state;
  const more = (data.quantity ?? quantity) - quantity;
  if (more === 0) return changeWindow(data, line);

  const draw = more > 0 ? increase(view, line, data, more) : decrease(line, data, -more);
  if (isRejected(draw)) return draw;
  const moves = book(view, [draw], { now });
  if (isRejected(moves)) return moves;
  const { owner } = more > 0 ? draw.to : draw.from;
  return accept<'lading.order.line_changed.v1'>(withMore(data, { owner, previous: { quantity, window }, moves }));
};

function saidLater(
  { order, line, quantity, window }: Changed,
  { state }: FoundLine,
  time: string,
): Rejected | undefined {
  const { said } = state;
  return overtaken(
    time,
    {
      quantity: quantity === undefined ? undefined : said.quantity,
      window: window === undefined ? undefined : said.window,
    },
    {
      of: `line ${line} of order ${order}`,
      facts: { order, line, now: { quantity: state.quantity, window: state.window } },
      instead:
        'If this is what holds now, send it with a time that is not before that one; else leave out what is overtaken.',
    },
  );
}

function changeWindow(data: Changed, line: FoundLine): Decision<'lading.order.line_changed.v1'> {
  const { quantity, window } = line.state;
  if (data.window === undefined || isSame(data.window, window)) {
    return reject('nothing-to-do', `Line ${data.line} of order ${data.order} is as this change would make it.`, {
      order: data.order,
      line: data.line,
      quantity,
      window,
    });
  }
  return (
    namesNothing(line, data.serials) ??
    accept<'lading.order.line_changed.v1'>({ ...data, previous: { quantity, window } })
  );
}

const isSame = (a: Window, b: Window): boolean => a.from === b.from && a.to === b.to;

function increase(view: View, line: FoundLine, { owner, serials }: Changed, quantity: number): OrRejected<Draw> {
  const { buyer, supplier } = line.order;
  if (owner !== undefined && owner !== buyer) {
    return reject(
      'not-the-owner',
      `What is added to a line is ordered for its buyer, ${buyer}. Leave the owner out, and reallocate the units then.`,
      { order: line.goods.order, line: line.goods.line, owner, owners: [buyer] },
    );
  }
  const draw: Draw = {
    line,
    quantity,
    serials,
    from: { owner: supplier, custodian: supplier, stage: 'supply' },
    to: { owner: buyer, custodian: supplier, stage: 'ordered' },
  };
  return bringBack(view, draw, supplier, false);
}

function decrease(line: FoundLine, data: Changed, quantity: number): OrRejected<Draw> {
  const ordered = reducible(line, data, quantity);
  return isRejected(ordered) ? ordered : cancelUnits(line, ordered, quantity, data.serials);
}
