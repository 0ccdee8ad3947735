import type { Submitted } from '#contracts/catalog';
import { type Holding, placeOf } from '../account.ts';
import { book } from '../booking/book.ts';
import type { Draw } from '../booking/draw.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { findLines, type FoundLine, holdingsAt, withLines } from '../order/line.ts';
import { overtaken } from '../overtaken.ts';
import { entityOf, knownEntity, type View } from '../view.ts';
import { HEADER } from './evolveShipment.ts';

type Rescheduled = Submitted<'lading.shipment.rescheduled.v1'>;

/**
 * Says anew when what is still in transit on a shipment arrives, where, for whom and with which carrier. Another carrier has the units from
 * then on, all that it does not have already; the rest of the header is said and moves nothing.
 */
export const reschedule: Rule<'lading.shipment.rescheduled.v1'> = (data, { view, time }) => {
  const shipment = knownEntity(view, 'shipment', data.shipment);
  const there = inTransitOn(view, shipment);
  if (isRejected(there)) return there;
  const refused = saidLater(data, shipment, time) ?? nothingLeft(shipment, there);
  if (refused !== undefined) return refused;

  const { carrier = shipment.carrier } = data;
  const draws = data.carrier === undefined ? [] : there.flatMap((units) => handOver(units, carrier));
  const { consignee, destination, eta } = shipment;
  if (draws.length === 0 && HEADER.every((part) => data[part] === undefined || data[part] === shipment[part])) {
    return reject('nothing-to-do', `Shipment ${data.shipment} is scheduled as this says already.`, {
      ...{ shipment: data.shipment, consignee, carrier, destination, eta },
    });
  }
  const moves = book(view, draws);
  if (isRejected(moves)) return moves;
  const previous = { consignee, carrier: shipment.carrier, destination, eta };
  return accept<'lading.shipment.rescheduled.v1'>({ ...data, previous, ...(moves.length === 0 ? {} : { moves }) });
};

interface InTransit {
  readonly line: FoundLine;
  readonly holding: Holding;
}

/** What is in transit on a shipment. All orders are asked for before any is looked at, so that they are loaded at once. */
function inTransitOn(view: View, { shipment, orders }: Shipment): OrRejected<InTransit[]> {
  const loaded = orders.map((id) => entityOf(view, 'order', id)).filter((order) => order !== undefined);
  const holdings = loaded.flatMap(({ lines }) =>
    lines.flatMap((line) => holdingsAt(line, { stage: 'in_transit', shipment })),
  );
  const lines = findLines(view, holdings);
  if (isRejected(lines)) return lines;
  return withLines(holdings, lines).map(({ asked: holding, line }) => ({ line, holding }));
}

function handOver({ line, holding }: InTransit, carrier: string): Draw[] {
  if (holding.custodian === carrier) return [];
  const from = placeOf(holding);
  return [{ line, quantity: holding.quantity, from, to: { ...from, custodian: carrier } }];
}

function saidLater(data: Rescheduled, { shipment, said, ...now }: Shipment, time: string): Rejected | undefined {
  const parts = HEADER.filter((part) => data[part] !== undefined);
  const { consignee, carrier, destination, eta } = now;
  return overtaken(time, Object.fromEntries(parts.map((part) => [part, said[part]])), {
    of: `shipment ${shipment}`,
    facts: { shipment, consignee, carrier, destination, eta },
    instead:
      'If this is what holds now, send it with a time that is not before that one; else leave out what is overtaken.',
  });
}

function nothingLeft({ shipment }: Shipment, there: readonly InTransit[]): Rejected | undefined {
  if (there.length > 0) return undefined;
  return reject(
    'already-received',
    `Nothing is in transit on shipment ${shipment} any more, so there is nothing to reschedule. Correct the shipment.`,
    { shipment },
  );
}
