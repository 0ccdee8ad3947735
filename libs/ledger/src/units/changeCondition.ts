import { moveLines } from '../booking/moveLines.ts';
import { sourceInHand } from '../booking/source.ts';

/** Units break after they were received, or are repaired: they stay with their custodian and their owner's. */
export const changeCondition = moveLines<'lading.units.condition_changed.v1'>({
  sources: (line, asked, { custodian }) =>
    sourceInHand(line, custodian, { ...asked, stage: asked.to === 'held' ? 'damaged' : 'held' }),
  to: ({ owner, custodian, stage }) => ({ owner, custodian, stage: stage === 'held' ? 'damaged' : 'held' }),
});
