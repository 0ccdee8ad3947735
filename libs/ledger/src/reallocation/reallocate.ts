import type { Submitted } from '#contracts/catalog';
import { withMore } from '#contracts/cloudEvent';
import { book } from '../booking/book.ts';
import { take, type Want } from '../booking/take.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import type { Goods } from '../account.ts';
import type { Hold } from '../entity.ts';
import { type FoundLine, holdingsAt, withLines } from '../order/line.ts';
import { wrongStage } from '../rejections.ts';
import { consigneesAfter } from '../shipment/consignees.ts';
import { openHold } from '../units/holdUnits.ts';
import { knownEntity, type View } from '../view.ts';

type Made = Submitted<'lading.reallocation.made.v1'>;
type ReallocatedLine = Made['lines'][number];

/**
 * Units of one party become another's, one way: ordered ones are reassigned, units in transit reconsigned, held or damaged
 * ones transferred. Only the owner of their accounts changes. Units that are kept by a `hold` go when the reallocation names it.
 */
export const reallocate: Rule<'lading.reallocation.made.v1'> = (data, { view, now, time, lines }) => {
  const { from, to } = data;
  if (from === to) {
    return reject('nothing-to-do', `The units are ${from}'s already. Name the party that gets them.`, { from, to });
  }
  const hold = data.hold === undefined ? undefined : holdOf(from, data.hold, view, now);
  if (isRejected(hold)) return hold;
  const wants: Want[] = [];
  for (const { asked, line } of withLines(data.lines, lines)) {
    const want = wantOf(data, asked, line);
    if (isRejected(want)) return want;
    wants.push(want);
  }
  const judged = hold === undefined ? { now } : ({ now, own: `hold/${hold.hold}` } as const);
  const draws = take(view, wants, judged);
  if (isRejected(draws)) return draws;
  const moves = book(view, draws.flat(), judged);
  if (isRejected(moves)) return moves;

  const consignees = consigneesAfter(view, moves, { ...data, time });
  if (isRejected(consignees)) return consignees;
  return accept<'lading.reallocation.made.v1'>(
    withMore(data, {
      lines: withLines(data.lines, lines).map(({ asked, line: { goods } }) => withMore(asked, { item: goods.item })),
      ...(consignees === undefined ? {} : { consignees }),
      ...(hold === undefined ? {} : { released: [...hold.orders] }),
      moves,
    }),
  );
};

/** The giver's hold that the units were kept by. It ends with the reallocation, as a swap's does with its execution. */
function holdOf(from: string, id: string, view: View, now: Date): OrRejected<Hold> {
  const { owner } = knownEntity(view, 'hold', id);
  if (owner === from) return openHold(view, id, now);
  return reject(
    'not-the-owner',
    `Hold ${id} is of units of ${owner}, and ${from} gives these. Leave it out, or name the hold that they are kept by.`,
    { hold: id, owner: from, owners: [owner] },
  );
}

/** The stages that each kind moves; the first when a line names none. */
const stages = {
  reassigned: ['ordered'],
  reconsigned: ['in_transit'],
  transferred: ['held', 'damaged'],
} as const;

/** Rejects with `wrong-stage` when the stage or the shipment of a line contradicts the kind. */
function wantOf({ kind, from, to }: Made, asked: ReallocatedLine, line: FoundLine): OrRejected<Want> {
  const { shipment, custodian, quantity, serials } = asked;
  const possible: readonly string[] = stages[kind];
  const stage = asked.stage ?? stages[kind][0];
  if (!possible.includes(stage) || (shipment !== undefined && kind !== 'reconsigned')) {
    return wrongStage(line.goods, { stage, shipment, owner: from, custodian }, holdingsAt(line.state, { owner: from }));
  }
  if (shipment === undefined && kind === 'reconsigned') return namesNoShipment(line.goods);
  return { line, owner: from, to, quantity, serials, where: { stage, shipment, custodian } };
}

const namesNoShipment = ({ order, line }: Goods): Rejected =>
  reject(
    'unknown-shipment',
    `Units in transit are reconsigned on a shipment, and line ${line} of order ${order} names none. Name the shipment.`,
    { order, line },
  );
