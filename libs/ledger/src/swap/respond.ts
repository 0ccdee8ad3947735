import type { Rule } from '../command.ts';
import { accept, isRejected, reject } from '../decision.ts';
import { unregistered } from '../party/registered.ts';
import { closed, findSwap } from './open.ts';
import { notAParty, partiesOf } from './parties.ts';

/** A party of the legs accepts; once each, else `nothing-to-do`. */
export const acceptSwap: Rule<'lading.swap.accepted.v1'> = (data, view, now) => {
  const swap = findSwap(view, data.swap);
  const unknown = unregistered(view, [['by', data.by]]);
  if (isRejected(swap)) return swap;
  if (unknown !== undefined) return unknown;

  const parties = partiesOf(swap.terms.legs);
  if (!parties.includes(data.by)) return notAParty(data.swap, data.by, parties);
  const over = closed(swap, now);
  if (over !== undefined) return over;
  if (swap.accepted.includes(data.by)) {
    return reject('nothing-to-do', `${data.by} has accepted swap ${data.swap} already.`, {
      swap: data.swap,
      by: data.by,
      accepted: swap.accepted,
    });
  }
  return accept<'lading.swap.accepted.v1'>(data);
};

/** A party of the legs rejects, also after it has accepted, until the swap is executed. */
export const rejectSwap: Rule<'lading.swap.rejected.v1'> = (data, view, now) => {
  const swap = findSwap(view, data.swap);
  const unknown = unregistered(view, [['by', data.by]]);
  if (isRejected(swap)) return swap;
  if (unknown !== undefined) return unknown;

  const parties = partiesOf(swap.terms.legs);
  if (!parties.includes(data.by)) return notAParty(data.swap, data.by, parties);
  return closed(swap, now) ?? accept<'lading.swap.rejected.v1'>(data);
};

/** The proposer withdraws, until the swap is executed. */
export const withdrawSwap: Rule<'lading.swap.withdrawn.v1'> = (data, view, now) => {
  const swap = findSwap(view, data.swap);
  const unknown = unregistered(view, [['by', data.by]]);
  if (isRejected(swap)) return swap;
  if (unknown !== undefined) return unknown;

  const proposer = swap.terms.by;
  if (data.by !== proposer) return notAParty(data.swap, data.by, [proposer]);
  return closed(swap, now) ?? accept<'lading.swap.withdrawn.v1'>(data);
};
