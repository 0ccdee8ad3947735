import { moveLines } from '../booking/moveLines.ts';
import { sourceInHand } from '../booking/source.ts';
import { reject } from '../decision.ts';

/** Units change hands: the custodian changes, the owner and the stage stay. */
export const transferCustody = moveLines<'lading.custody.transferred.v1'>({
  refusal: ({ from, to }) =>
    from === to
      ? reject('nothing-to-do', `${from} has these units already. Name the custodian that gets them.`, { from, to })
      : undefined,
  source: (line, asked, { from }) => sourceInHand(line, from, asked),
  to: ({ owner, stage }, { to }) => ({ owner, custodian: to, stage }),
});
