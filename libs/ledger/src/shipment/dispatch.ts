import type { Submitted } from '#contracts/catalog';
import { book } from '../booking/book.ts';
import { completeLines } from '../booking/completeLines.ts';
import { drawEach } from '../booking/drawEach.ts';
import { noneThere, sourceAt } from '../booking/owner.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Rejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { findLines } from '../order/line.ts';
import { unregistered } from '../party/registered.ts';
import { find } from '../view.ts';

type Dispatched = Submitted<'lading.shipment.dispatched.v1'>;

/** Dispatches ordered units on a shipment; again for the same shipment: adds units, until something of it was received. */
export const dispatch: Rule<'lading.shipment.dispatched.v1'> = (data, view) => {
  const { shipment, consignee, carrier } = data;
  const there = find(view, 'shipment', shipment);
  const lines = findLines(view, data.lines);
  const unknown = unregistered(view, [
    ['consignee', consignee],
    ['carrier', carrier],
    ...data.lines.map(({ owner }) => ['owner', owner] as const),
  ]);
  if (unknown !== undefined) return unknown;
  const closed = there && (contradiction(there, data) ?? receivedAlready(there));
  if (closed !== undefined) return closed;
  if (isRejected(lines)) return lines;

  const ordered = { stage: 'ordered' } as const;
  const draws = drawEach(
    lines,
    (line, { owner, quantity }) => sourceAt(line, ordered, owner, () => noneThere(line, ordered, owner, quantity)),
    ({ owner }) => ({ owner, custodian: carrier, stage: 'in_transit', shipment }),
  );
  if (isRejected(draws)) return draws;
  const moves = book(view, draws);
  if (isRejected(moves)) return moves;
  return accept<'lading.shipment.dispatched.v1'>({ ...data, lines: completeLines(lines, draws), moves });
};

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
