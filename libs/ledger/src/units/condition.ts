import { moveLines } from '../booking/moveLines.ts';
import { inTurn, sourceInHand, sourcesOnTheWay } from '../booking/source.ts';
import { isRejected } from '../decision.ts';
import { knownEntity } from '../view.ts';

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

/** Units in transit on a shipment are lost: they stay their owner's, and are the loss of the carrier that had them. */
export const lose = moveLines<'lading.shipment.lost.v1'>({
  sources: (line, asked, { shipment }, view) => {
    const there = sourcesOnTheWay(line, { stage: 'in_transit', shipment, custodian: asked.custodian }, asked);
    return isRejected(there) ? there : inTurn(there, knownEntity(view, 'shipment', shipment));
  },
  to: ({ owner, custodian }) => ({ owner, custodian, stage: 'lost' }),
});
