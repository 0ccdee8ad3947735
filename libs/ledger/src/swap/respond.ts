import type { Completed, Submitted } from '#contracts/catalog';
import { microseconds } from '#contracts/scalars';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, reject } from '../decision.ts';
import type { Swap } from '../entity.ts';
import { findLines } from '../order/line.ts';
import { whyNotReserved } from '../units/holdUnits.ts';
import { knownEntity, type View } from '../view.ts';
import { maySay, partiesOf, wantsOf, whyClosed } from './swap.ts';

/** How long an accepted swap holds its units when it says no time at which it expires. */
const HOLDS_FOR_MS = 7 * 24 * 3_600_000;

/**
 * A party of the legs accepts; once each, else `nothing-to-do`. The last one holds what the legs take, so that others leave it
 * there until the swap is executed or over: when the units are not there or held for others, it is rejected.
 */
export const acceptSwap: Rule<'lading.swap.accepted.v1'> = (data, { view, now }) => {
  const { swap: id, by } = data;
  const swap = knownEntity(view, 'swap', id);
  const { legs, expires } = swap.terms;
  const parties = partiesOf(legs);
  const refused = maySay(id, by, parties) ?? whyClosed(swap, now);
  if (refused !== undefined) return refused;
  const { accepted } = swap;
  if (accepted.includes(by)) {
    return reject('nothing-to-do', `${by} has accepted swap ${id} already.`, { swap: id, by, accepted });
  }
  if (parties.some((party) => party !== by && !accepted.includes(party)))
    return accept<'lading.swap.accepted.v1'>(data);

  const holds = heldFrom(view, swap, now);
  if (isRejected(holds)) return holds;
  const until = expires ?? new Date(now.getTime() + HOLDS_FOR_MS).toISOString();
  return accept<'lading.swap.accepted.v1'>({ ...data, until, holds });
};

type Holds = NonNullable<Completed<'lading.swap.accepted.v1'>['holds']>;

/** What the legs hold, as they name it: units that go on to another place with the same owner stay held. */
function heldFrom(view: View, { terms: { legs } }: Swap, now: Date): OrRejected<Holds> {
  const lines = findLines(view, legs);
  if (isRejected(lines)) return lines;
  const refused = whyNotReserved(view, wantsOf(legs, lines), now);
  if (refused !== undefined) return refused;
  return legs.map(({ from, to: _, window: __, ...leg }) => ({ owner: from, ...leg }));
}

type Ending = 'lading.swap.rejected.v1' | 'lading.swap.withdrawn.v1';

/** A step that ends an open swap and moves nothing. What it held is free again. */
const end =
  <T extends Ending>(may: (swap: Swap) => readonly string[]): Rule<T> =>
  (data: Submitted<T>, { view, now }) => {
    const swap = knownEntity(view, 'swap', data.swap);
    const refused = maySay(data.swap, data.by, may(swap)) ?? whyClosed(swap, now);
    if (refused !== undefined) return refused;
    const { until, terms } = swap;
    const holds = until !== undefined && now.getTime() * 1000 < microseconds(until);
    const released = [...new Set(terms.legs.map(({ order }) => order))];
    return accept<Ending>(holds ? { ...data, released } : data);
  };

/** A party of the legs rejects, also after it has accepted, until the swap is executed. */
export const rejectSwap = end<'lading.swap.rejected.v1'>(({ terms }) => partiesOf(terms.legs));

/** The proposer withdraws, until the swap is executed. */
export const withdrawSwap = end<'lading.swap.withdrawn.v1'>(({ terms }) => [terms.by]);
