import { book } from '../booking/book.ts';
import { take } from '../booking/take.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Rejected, reject } from '../decision.ts';
import type { Swap } from '../entity.ts';
import { findLines } from '../order/line.ts';
import { consigneesAfter } from '../shipment/consignees.ts';
import { knownEntity } from '../view.ts';
import { completeLegs } from './propose.ts';
import { maySay, partiesOf, suppliersOf, wantsOf, whyClosed } from './swap.ts';

/**
 * Executes an accepted swap: every leg at once, or none. Its moves are in the order of its legs, each leg's summing to its
 * quantity, and say what was taken where a leg leaves that open.
 */
export const executeSwap: Rule<'lading.swap.executed.v1'> = (data, { view, now, time }) => {
  const swap = knownEntity(view, 'swap', data.swap);
  const { legs } = swap.terms;
  const lines = findLines(view, legs);
  if (isRejected(lines)) return lines;

  const may = [...partiesOf(legs), ...suppliersOf(lines)];
  const refused = maySay(data.swap, data.by, may) ?? whyClosed(swap, now) ?? whyNotAccepted(swap);
  if (refused !== undefined) return refused;

  const judged = { now, own: `swap/${data.swap}` } as const;
  const draws = take(view, wantsOf(legs, lines), judged);
  if (isRejected(draws)) return draws;
  const moves = book(view, draws.flat(), judged);
  if (isRejected(moves)) return moves;

  const consignees = consigneesAfter(view, moves, { time });
  if (isRejected(consignees)) return consignees;
  return accept<'lading.swap.executed.v1'>({
    ...data,
    legs: completeLegs(legs, lines),
    ...(consignees === undefined ? {} : { consignees }),
    moves,
  });
};

function whyNotAccepted({ terms: { swap, legs }, accepted }: Swap): Rejected | undefined {
  const missing = partiesOf(legs).filter((party) => !accepted.includes(party));
  if (missing.length === 0) return undefined;
  return reject('swap-not-accepted', `Swap ${swap} waits for ${missing.join(' and ')} to accept it.`, {
    swap,
    missing,
    accepted,
  });
}
