import type { Submitted } from '#contracts/catalog';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Rejected, reject } from '../decision.ts';
import { overtaken } from '../overtaken.ts';
import { findLines, type FoundLine, withLines } from './line.ts';

type Confirmed = Submitted<'lading.order.confirmed.v1'>['lines'][number];

/**
 * The supplier says which lines of an order it will deliver, how much of them and when (X12 855, 865): of what is ordered by then, so a
 * later change of the window, or a later confirmation, overtakes it. It moves nothing, and whoever waits goes on waiting, also where the
 * supplier rejects.
 */
export const confirmOrder: Rule<'lading.order.confirmed.v1'> = (data, { view, time }) => {
  const { order } = data;
  const lines = findLines(
    view,
    data.lines.map(({ line }) => ({ order, line })),
  );
  if (isRejected(lines)) return lines;
  const confirmed = withLines(data.lines, lines);
  const refused =
    first(confirmed, ({ line }) => saidLater(line, time)) ??
    first(confirmed, ({ asked, line }) => partlyRejected(asked, line));
  if (refused !== undefined) return refused;
  return accept<'lading.order.confirmed.v1'>({
    ...data,
    lines: confirmed.map(({ asked, line: { goods, state } }) => {
      const ordered = { quantity: state.quantity, window: state.window };
      const { code, quantity, window } = asked;
      const asOrdered = code === 'accepted' || code === 'changed';
      return {
        ...asked,
        ...(code !== 'rejected' && { quantity: quantity ?? ordered.quantity }),
        ...(asOrdered && { window: window ?? ordered.window }),
        item: goods.item,
        ordered,
      };
    }),
  });
};

function first<L>(lines: readonly L[], why: (line: L) => Rejected | undefined): Rejected | undefined {
  for (const line of lines) {
    const refused = why(line);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function saidLater({ goods: { order, line }, state }: FoundLine, time: string): Rejected | undefined {
  const { promised, said, quantity, window } = state;
  return overtaken(
    time,
    { promise: promised, window: said.window },
    {
      of: `line ${line} of order ${order}`,
      facts: { order, line, now: { quantity, window, promised } },
      instead: 'Confirm what is ordered now, with a time that is not before that one; else leave the line out.',
    },
  );
}

/** A line has one promise: of what is rejected in part, the rest is promised. */
function partlyRejected({ code, quantity }: Confirmed, { goods, state }: FoundLine): Rejected | undefined {
  if (code !== 'rejected' || quantity === undefined || quantity === 0 || quantity >= state.quantity) return undefined;
  const { order, line } = goods;
  return reject(
    'not-supported',
    `${quantity} of the ${state.quantity} units of line ${line} of order ${order} cannot be rejected by themselves. Confirm the line with the code changed and the ${state.quantity - quantity} units that are promised.`,
    { order, line, confirmation: code, quantity, ordered: state.quantity },
  );
}
