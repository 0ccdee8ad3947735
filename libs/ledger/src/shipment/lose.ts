import { moveLines } from '../booking/moveLines.ts';
import { sourceOnTheWay } from '../booking/source.ts';

/** Units in transit on a shipment are lost: they stay their owner's, and the carrier's loss. */
export const lose = moveLines<'lading.shipment.lost.v1'>({
  source: (line, asked, { shipment }) => sourceOnTheWay(line, { stage: 'in_transit', shipment }, asked),
  to: ({ owner, custodian }) => ({ owner, custodian, stage: 'lost' }),
});
