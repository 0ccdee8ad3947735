import { moveLines } from '../booking/moveLines.ts';
import { sourceInHand } from '../booking/source.ts';

/** A custodian scraps units that it holds, or damaged ones: they stay their owner's, and are gone. */
export const scrap = moveLines<'lading.units.scrapped.v1'>({
  sources: (line, asked, { custodian }) => sourceInHand(line, custodian, asked),
  takesAway: true,
  to: ({ owner, custodian }) => ({ owner, custodian, stage: 'scrapped' }),
});
