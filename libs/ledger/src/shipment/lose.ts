import { book } from '../booking/book.ts';
import { completeLines } from '../booking/completeLines.ts';
import { drawEach } from '../booking/drawEach.ts';
import { noneThere, sourceAt } from '../booking/owner.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected } from '../decision.ts';
import { findLines } from '../order/line.ts';
import { unregistered } from '../party/registered.ts';
import { findShipment } from './find.ts';

/** Units in transit on a shipment are lost: they stay their owner's, and the carrier's loss. */
export const lose: Rule<'lading.shipment.lost.v1'> = (data, view) => {
  const shipment = findShipment(view, data.shipment);
  const lines = findLines(view, data.lines);
  const unknown = unregistered(
    view,
    data.lines.map(({ owner }) => ['owner', owner] as const),
  );
  if (isRejected(shipment)) return shipment;
  if (isRejected(lines)) return lines;
  if (unknown !== undefined) return unknown;

  const where = { stage: 'in_transit', shipment: data.shipment } as const;
  const draws = drawEach(
    lines,
    (line, { owner, quantity }) => sourceAt(line, where, owner, () => noneThere(line, where, owner, quantity)),
    ({ owner, custodian }) => ({ owner, custodian, stage: 'lost' }),
  );
  if (isRejected(draws)) return draws;
  const moves = book(view, draws);
  if (isRejected(moves)) return moves;
  return accept<'lading.shipment.lost.v1'>({ ...data, lines: completeLines(lines, draws), moves });
};
