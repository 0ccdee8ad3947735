import { moveLines } from '../booking/moveLines.ts';
import { sourceInHand } from '../booking/source.ts';

/** Units break after they were received, or are repaired: they stay with their custodian and their owner's. */
export const changeCondition = moveLines<'lading.units.condition_changed.v1'>({
  sources: (line, asked, { custodian }) =>
    sourceInHand(line, custodian, { ...asked, stage: asked.to === 'held' ? 'damaged' : 'held' }),
  to: ({ owner, custodian, stage }) => ({ owner, custodian, stage: stage === 'held' ? 'damaged' : 'held' }),
});

/** A custodian scraps units that it holds, or damaged ones: they stay their owner's, and are gone. */
export const scrap = moveLines<'lading.units.scrapped.v1'>({
  sources: (line, asked, { custodian }) => sourceInHand(line, custodian, asked),
  takesAway: true,
  to: ({ owner, custodian }) => ({ owner, custodian, stage: 'scrapped' }),
});
