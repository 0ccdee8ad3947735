import type { Submitted } from '#contracts/catalog';
import type { Holding } from '../account.ts';
import { book } from '../booking/book.ts';
import { completeLines } from '../booking/completeLines.ts';
import { drawEach } from '../booking/drawEach.ts';
import { movedOn, wrongStage } from '../booking/movedOn.ts';
import { insufficient, noneThere, sourceAt } from '../booking/owner.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Or, type Rejected, reject } from '../decision.ts';
import { lineKey } from '../entity.ts';
import { findLines, holdingsAt, type LineOf } from '../order/line.ts';
import { unregistered } from '../party/registered.ts';
import { findShipment } from '../shipment/find.ts';
import { find, type View } from '../view.ts';
import { sourceWith } from './sourceWith.ts';

type Returned = Submitted<'lading.units.returned.v1'>;
type Line = Returned['lines'][number];

/**
 * Returns units: held or damaged ones from their custodian, or goods refused while still in transit on a shipment. They
 * are the supplier's again, with whoever takes them back.
 */
export const returnUnits: Rule<'lading.units.returned.v1'> = (data, view) => {
  const { from, to } = data;
  if (find(view, 'return', data.return) !== undefined) {
    return reject('already-exists', `Return ${data.return} was recorded already. Use another id for another return.`, {
      return: data.return,
    });
  }
  const shipments = findShipments(view, data);
  const lines = findLines(view, data.lines);
  const unknown = unregistered(view, [
    ['from', from],
    ['to', to],
    ...data.lines.map(({ owner }) => ['owner', owner] as const),
  ]);
  if (unknown !== undefined) return unknown;
  if (shipments !== undefined) return shipments;
  if (isRejected(lines)) return lines;

  const draws = drawEach(
    lines,
    (line, asked) => sourceOf(view, line, data, asked),
    (_, { of }) => ({ owner: of.supplier, custodian: to, stage: 'returned' }),
  );
  if (isRejected(draws)) return draws;
  const moves = book(view, draws);
  if (isRejected(moves)) return moves;
  return accept<'lading.units.returned.v1'>({ ...data, lines: completeLines(lines, draws), moves });
};

function findShipments(view: View, { shipment, lines }: Returned): Rejected | undefined {
  const found = [shipment, ...lines.map((line) => line.shipment)].map((id) =>
    id === undefined ? undefined : findShipment(view, id),
  );
  return found.find(isRejected);
}

function sourceOf(view: View, line: LineOf, data: Returned, asked: Line): Or<Holding> {
  const shipment = asked.shipment ?? data.shipment;
  return shipment === undefined ? sourceWith(line, data.from, asked) : refusedOn(view, line, shipment, asked);
}

/** Goods refused on arrival are in transit: rejects with `wrong-stage` when they were received meanwhile. */
function refusedOn(view: View, line: LineOf, shipment: string, { owner, quantity, stage }: Line): Or<Holding> {
  const where = { stage: 'in_transit', shipment } as const;
  if (stage !== undefined)
    return wrongStage(line, { stage, shipment, owner }, holdingsAt(line.is, { ...where, owner }));
  return sourceAt(line, where, owner, () => {
    const wasOnIt = find(view, 'shipment', shipment)?.lines.has(lineKey(line.order, line.line)) === true;
    if (!wasOnIt) return insufficient(line, { ...where, owner }, quantity, 0);
    if (owner !== undefined) return movedOn({ line, owner, quantity, where });
    return noneThere(line, where, owner, quantity);
  });
}
