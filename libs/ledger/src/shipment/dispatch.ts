import type { Submitted } from '#contracts/catalog';
import { moveLines } from '../booking/moveLines.ts';
import { sourcesOnTheWay } from '../booking/source.ts';
import { type Rejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { overtaken } from '../overtaken.ts';
import { entityOf } from '../view.ts';
import { HEADER } from './evolveShipment.ts';
import { deliver } from './deliver.ts';

type Dispatched = Submitted<'lading.shipment.dispatched.v1'>;

/** Dispatches ordered units on a shipment; again for the same shipment: adds units, until something of it was received. */
export const dispatch = moveLines<'lading.shipment.dispatched.v1'>({
  refusal: (data, view, time) => {
    const there = entityOf(view, 'shipment', data.shipment);
    return there && (contradiction(there, data, time) ?? receivedAlready(there));
  },
  sources: (line, asked) => sourcesOnTheWay(line, { stage: 'ordered' }, asked),
  origins: deliver,
  to: ({ owner }, { carrier, shipment }) => ({ owner, custodian: carrier, stage: 'in_transit', shipment }),
});

/**
 * A shipment has one header: what another dispatch of it says must be what is there; it may leave out the optional parts. A part that
 * was changed since the dispatch occurred is overtaken.
 */
function contradiction(there: Shipment, data: Dispatched, time: string): Rejected | undefined {
  const { shipment, consignee, carrier, destination, eta, said } = there;
  const different = HEADER.filter((part) => data[part] !== undefined && data[part] !== there[part]);
  if (different.length === 0) return undefined;
  const header = { shipment, consignee, carrier, destination, eta };
  return (
    overtaken(time, Object.fromEntries(different.map((part) => [part, said[part]])), {
      of: `shipment ${shipment}`,
      facts: header,
      instead: 'Give the header as it is now, or leave out its destination and eta.',
    }) ??
    reject(
      'already-exists',
      `Shipment ${shipment} is there with another header. Give its header as it is, or use another shipment.`,
      header,
    )
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
