import type { Submitted } from '#contracts/catalog';
import { withMore } from '#contracts/cloudEvent';
import type { Serials } from '#contracts/serials';
import { accountKey, type Holding, placeOf } from '../account.ts';
import { book } from '../booking/book.ts';
import type { Draw } from '../booking/draw.ts';
import { sourceAt, whyNoneAt } from '../booking/source.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import { overtaken } from '../overtaken.ts';
import { insufficient } from '../rejections.ts';
import type { FoundLine } from './line.ts';

/**
 * Cancels ordered units of one owner on a line; without a quantity, all that it still has ordered there: nothing is left. Which units
 * were meant is not known when units came to them, or left, at a later occurrence: then it is `overtaken`.
 */
export const cancelLine: Rule<'lading.order.line_cancelled.v1'> = (data, { view, now, time, lines: [line] }) => {
  if (line === undefined) throw new Error('a cancellation names a line');
  const ordered = reducible(line, data, data.quantity ?? 1);
  if (isRejected(ordered)) return ordered;
  const late = data.quantity === undefined ? movedLater(line, ordered, time) : undefined;
  if (late !== undefined) return late;
  const quantity = data.quantity ?? ordered.quantity;
  const moves = book(view, [cancelUnits(line, ordered, quantity, data.serials)], { now });
  if (isRejected(moves)) return moves;
  return accept<'lading.order.line_cancelled.v1'>(withMore(data, { owner: ordered.owner, quantity, moves }));
};

function movedLater({ goods, state }: FoundLine, ordered: Holding, time: string): Rejected | undefined {
  const { order, line } = goods;
  const { owner, quantity } = ordered;
  return overtaken(
    time,
    { 'ordered units': state.moved.get(accountKey(ordered)) },
    {
      of: `${owner} on line ${line} of order ${order}`,
      facts: { order, line, owner, ordered: quantity },
      instead: 'Name the quantity that was cancelled; or send it with a time that is not before that one.',
    },
  );
}

type Reduction = Pick<Submitted<'lading.order.line_cancelled.v1'>, 'owner' | 'initiator'>;

/**
 * Whose ordered units a reduction takes: the buyer may reduce only its own, the seller anyone's. `asked` is for the
 * facts. Rejects with `not-the-owner`, `ambiguous-owner`, `insufficient-quantity`.
 */
export function reducible(line: FoundLine, { owner, initiator }: Reduction, asked: number): OrRejected<Holding> {
  const { goods } = line;
  const { buyer } = line.order;
  const ordered = { stage: 'ordered' } as const;
  if (initiator === 'buyer' && owner !== undefined && owner !== buyer) {
    return reject(
      'not-the-owner',
      `The buyer may reduce only its own units: ${buyer}'s, not ${owner}'s. The seller may reduce anyone's.`,
      { order: goods.order, line: goods.line, owner, owners: [buyer], initiator },
    );
  }
  // A buyer that names nobody means its own units, also where others have units of the line.
  const whose = initiator === 'buyer' ? buyer : owner;
  return sourceAt(line, ordered, whose, () =>
    owner === undefined
      ? insufficient(goods, { ...ordered, owner: whose }, asked, 0)
      : whyNoneAt(line, ordered, owner, asked),
  );
}

/** Takes ordered units off the line: they are cancelled. */
export function cancelUnits(line: FoundLine, ordered: Holding, quantity: number, serials: Serials | undefined): Draw {
  const from = placeOf(ordered);
  return { line, quantity, serials, from, to: { ...from, stage: 'cancelled' } };
}
