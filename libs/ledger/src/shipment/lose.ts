import { moveLines } from '../booking/moveLines.ts';
import { inTurn, sourcesOnTheWay } from '../booking/source.ts';
import { isRejected } from '../decision.ts';
import { knownEntity } from '../view.ts';

/** Units in transit on a shipment are lost: they stay their owner's, and are the loss of the carrier that had them. */
export const lose = moveLines<'lading.shipment.lost.v1'>({
  sources: (line, asked, { shipment }, view) => {
    const there = sourcesOnTheWay(line, { stage: 'in_transit', shipment, custodian: asked.custodian }, asked);
    return isRejected(there) ? there : inTurn(there, knownEntity(view, 'shipment', shipment));
  },
  to: ({ owner, custodian }) => ({ owner, custodian, stage: 'lost' }),
});
