import { book } from '../booking/book.ts';
import { take } from '../booking/take.ts';
import type { Want } from '../booking/want.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Rejected, reject } from '../decision.ts';
import type { Swap } from '../entity.ts';
import { type Asked, findLines } from '../order/line.ts';
import { unregistered } from '../party/registered.ts';
import { consigneesAfter } from '../shipment/consignees.ts';
import { closed, findSwap } from './open.ts';
import { missingAcceptances, notAParty, partiesOf, suppliersOf } from './parties.ts';
import { completeLegs } from './propose.ts';

/**
 * Executes an accepted swap: every leg at once, or none. Its moves are in the order of its legs, each leg's summing to its
 * quantity, and say what was taken where a leg leaves that open.
 */
export const executeSwap: Rule<'lading.swap.executed.v1'> = (data, view, now) => {
  const swap = findSwap(view, data.swap);
  const unknown = unregistered(view, [['by', data.by]]);
  if (isRejected(swap)) return swap;
  if (unknown !== undefined) return unknown;
  const { legs } = swap.terms;
  const lines = findLines(view, legs);
  if (isRejected(lines)) return lines;

  const may = [...partiesOf(legs), ...suppliersOf(lines)];
  if (!may.includes(data.by)) return notAParty(data.swap, data.by, may);
  const refused = closed(swap, now) ?? notAccepted(swap);
  if (refused !== undefined) return refused;

  const draws = take(view, lines.map(wantOf));
  if (isRejected(draws)) return draws;
  const moves = book(view, draws.flat());
  if (isRejected(moves)) return moves;

  const consignees = consigneesAfter(view, moves);
  return accept<'lading.swap.executed.v1'>({
    ...data,
    legs: completeLegs(lines),
    ...(consignees === undefined ? {} : { consignees }),
    moves,
  });
};

type Leg = Swap['terms']['legs'][number];

const wantOf = ({ asked, line }: Asked<Leg>): Want => ({
  line,
  owner: asked.from,
  to: asked.to,
  quantity: asked.quantity,
  serials: asked.serials,
  where: { shipment: asked.shipment, custodian: asked.custodian, stage: asked.stage },
});

function notAccepted(swap: Swap): Rejected | undefined {
  const missing = missingAcceptances(swap);
  if (missing.length === 0) return undefined;
  const { swap: id } = swap.terms;
  return reject('swap-not-accepted', `Swap ${id} waits for ${missing.join(' and ')} to accept it.`, {
    swap: id,
    missing,
    accepted: swap.accepted,
  });
}
