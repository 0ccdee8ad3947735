import type { Submitted } from '#contracts/catalog';
import type { Rule } from '../command.ts';
import { accept, type Rejected, reject } from '../decision.ts';
import type { Swap } from '../entity.ts';
import { knownEntity } from '../view.ts';
import { maySay, partiesOf, whyClosed } from './swap.ts';

type Response = 'lading.swap.accepted.v1' | 'lading.swap.rejected.v1' | 'lading.swap.withdrawn.v1';

/** A step that changes the status of an open swap and moves nothing. */
const respond =
  <T extends Response>(
    may: (swap: Swap) => readonly string[],
    refusal?: (swap: Swap, data: Submitted<T>) => Rejected | undefined,
  ): Rule<T> =>
  (data, { view, now }) => {
    const swap = knownEntity(view, 'swap', data.swap);
    return maySay(data.swap, data.by, may(swap)) ?? whyClosed(swap, now) ?? refusal?.(swap, data) ?? accept<T>(data);
  };

const ofItsLegs = ({ terms }: Swap): string[] => partiesOf(terms.legs);

/** A party of the legs accepts; once each, else `nothing-to-do`. */
export const acceptSwap = respond<'lading.swap.accepted.v1'>(ofItsLegs, ({ accepted }, { swap, by }) =>
  accepted.includes(by)
    ? reject('nothing-to-do', `${by} has accepted swap ${swap} already.`, { swap, by, accepted })
    : undefined,
);

/** A party of the legs rejects, also after it has accepted, until the swap is executed. */
export const rejectSwap = respond<'lading.swap.rejected.v1'>(ofItsLegs);

/** The proposer withdraws, until the swap is executed. */
export const withdrawSwap = respond<'lading.swap.withdrawn.v1'>(({ terms }) => [terms.by]);
