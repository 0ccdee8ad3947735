import type { Submitted } from '#contracts/catalog';
import { book } from '../booking/book.ts';
import { wrongStage } from '../booking/movedOn.ts';
import { take } from '../booking/take.ts';
import type { Want } from '../booking/want.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Or, type Rejected, reject } from '../decision.ts';
import { findLines, holdingsAt, type LineOf } from '../order/line.ts';
import { unregistered } from '../party/registered.ts';
import { consigneesAfter } from '../shipment/consignees.ts';
import { findShipment } from '../shipment/find.ts';
import { find, type View } from '../view.ts';

type Made = Submitted<'lading.reallocation.made.v1'>;
type Line = Made['lines'][number];

/**
 * Units of one party become another's, one way: ordered ones are reassigned, units in transit reconsigned, held or damaged
 * ones transferred. Only the owner of their accounts changes.
 */
export const reallocate: Rule<'lading.reallocation.made.v1'> = (data, view) => {
  const { reallocation, from, to } = data;
  if (find(view, 'reallocation', reallocation) !== undefined) {
    return reject('already-exists', `Reallocation ${reallocation} was made already. Use another id for another one.`, {
      reallocation,
    });
  }
  const lines = findLines(view, data.lines);
  const shipment = unknownShipment(view, data.lines);
  const unknown = unregistered(view, [
    ['from', from],
    ['to', to],
    ...data.lines.map(({ custodian }) => ['custodian', custodian] as const),
  ]);
  if (unknown !== undefined) return unknown;
  if (from === to) {
    return reject('nothing-to-do', `The units are ${from}'s already. Name the party that gets them.`, { from, to });
  }
  if (shipment !== undefined) return shipment;
  if (isRejected(lines)) return lines;

  const wants: Want[] = [];
  for (const { asked, line } of lines) {
    const want = wantOf(data, asked, line);
    if (isRejected(want)) return want;
    wants.push(want);
  }
  const draws = take(view, wants);
  if (isRejected(draws)) return draws;
  const moves = book(view, draws.flat());
  if (isRejected(moves)) return moves;

  const consignees = consigneesAfter(view, moves, data);
  return accept<'lading.reallocation.made.v1'>({
    ...data,
    lines: lines.map(({ asked, line: { item } }) => ({ ...asked, item })),
    ...(consignees === undefined ? {} : { consignees }),
    moves,
  });
};

function unknownShipment(view: View, lines: readonly Line[]): Rejected | undefined {
  const found = lines.map(({ shipment }) => (shipment === undefined ? undefined : findShipment(view, shipment)));
  return found.find(isRejected);
}

/** The stages that each kind moves; the first when a line names none. */
const stages = {
  reassigned: ['ordered'],
  reconsigned: ['in_transit'],
  transferred: ['held', 'damaged'],
} as const;

/** Rejects with `wrong-stage` when the stage or the shipment of a line contradicts the kind. */
function wantOf({ kind, from, to }: Made, asked: Line, line: LineOf): Or<Want> {
  const { shipment, custodian, quantity, serials } = asked;
  const possible: readonly string[] = stages[kind];
  const stage = asked.stage ?? stages[kind][0];
  if (!possible.includes(stage) || (shipment !== undefined && kind !== 'reconsigned')) {
    return wrongStage(line, { stage, shipment, owner: from, custodian }, holdingsAt(line.is, { owner: from }));
  }
  if (shipment === undefined && kind === 'reconsigned') return namesNoShipment(line);
  return { line, owner: from, to, quantity, serials, where: { stage, shipment, custodian } };
}

const namesNoShipment = ({ order, line }: LineOf): Rejected =>
  reject(
    'unknown-shipment',
    `Units in transit are reconsigned on a shipment, and line ${line} of order ${order} names none. Name the shipment.`,
    { order, line },
  );
