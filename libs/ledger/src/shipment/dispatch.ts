import type { Submitted } from '#contracts/catalog';
import { moveLines } from '../booking/moveLines.ts';
import { sourcesOnTheWay } from '../booking/source.ts';
import { type Rejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { entityOf } from '../view.ts';

type Dispatched = Submitted<'lading.shipment.dispatched.v1'>;

/** Dispatches ordered units on a shipment; again for the same shipment: adds units, until something of it was received. */
export const dispatch = moveLines<'lading.shipment.dispatched.v1'>({
  refusal: (data, view) => {
    const there = entityOf(view, 'shipment', data.shipment);
    return there && (contradiction(there, data) ?? receivedAlready(there));
  },
  sources: (line, asked) => sourcesOnTheWay(line, { stage: 'ordered' }, asked),
  to: ({ owner }, { carrier, shipment }) => ({ owner, custodian: carrier, stage: 'in_transit', shipment }),
});

/** A shipment has one header: what another dispatch of it says must be what is there; it may leave out the optional parts. */
function contradiction(there: Shipment, data: Dispatched): Rejected | undefined {
  const { shipment, consignee, carrier, destination, eta } = there;
  const differs =
    data.consignee !== consignee ||
    data.carrier !== carrier ||
    (data.destination !== undefined && data.destination !== destination) ||
    (data.eta !== undefined && data.eta !== eta);
  if (!differs) return undefined;
  return reject(
    'already-exists',
    `Shipment ${shipment} is there with another header. Give its header as it is, or use another shipment.`,
    { shipment, consignee, carrier, destination, eta },
  );
}

function receivedAlready({ shipment, received }: Shipment): Rejected | undefined {
  if (!received) return undefined;
  return reject(
    'already-received',
    `Shipment ${shipment} was received, so nothing more is dispatched on it. Use another shipment.`,
    { shipment },
  );
}
