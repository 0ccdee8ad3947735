import type { Submitted } from '#contracts/catalog';
import type { Holding } from '../account.ts';
import { moveLines } from '../booking/moveLines.ts';
import { inTurn, sourceInHand, sourcesAt, whyNoneAt, whyOwnerHasNone } from '../booking/source.ts';
import { isRejected, type OrRejected } from '../decision.ts';
import { lineKey } from '../entity.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import { insufficient, wrongStage } from '../rejections.ts';
import { knownEntity, type View } from '../view.ts';

type ReturnedLine = Submitted<'lading.units.returned.v1'>['lines'][number];

/**
 * Returns units: held or damaged ones from their custodian, or goods refused while still in transit on a shipment. They
 * are the supplier's again, with whoever takes them back.
 */
export const returnUnits = moveLines<'lading.units.returned.v1'>({
  sources: (line, asked, data, view) => {
    const shipment = asked.shipment ?? data.shipment;
    return shipment === undefined ? sourceInHand(line, data.from, asked) : refusedOn(view, line, shipment, asked);
  },
  takesAway: true,
  to: (_, { to }, { order }) => ({ owner: order.supplier, custodian: to, stage: 'returned' }),
});

/** Goods refused on arrival are in transit: rejects with `wrong-stage` when they were received meanwhile. */
function refusedOn(view: View, line: FoundLine, shipment: string, asked: ReturnedLine): OrRejected<Holding[]> {
  const { owner, quantity, stage } = asked;
  const { goods, state } = line;
  const where = { stage: 'in_transit', shipment } as const;
  if (stage !== undefined) return wrongStage(goods, { stage, shipment, owner }, holdingsAt(state, { ...where, owner }));
  const on = knownEntity(view, 'shipment', shipment);
  const there = sourcesAt(line, where, owner, () => {
    if (!on.lines.has(lineKey(goods.order, goods.line))) return insufficient(goods, { ...where, owner }, quantity, 0);
    if (owner !== undefined) return whyOwnerHasNone({ line, owner, quantity, where });
    return whyNoneAt(line, where, owner, quantity);
  });
  return isRejected(there) ? there : inTurn(there, on);
}
