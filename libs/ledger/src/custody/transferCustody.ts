import type { Submitted } from '#contracts/catalog';
import { type Holding, placeOf } from '../account.ts';
import { moveLines } from '../booking/moveLines.ts';
import { sourceInHand, sourcesAt, whyNoneAt } from '../booking/source.ts';
import { isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import { custodiansOf, notTheCustodian, type UnitsFilter, wrongStage } from '../rejections.ts';

type Transferred = Submitted<'lading.custody.transferred.v1'>;
type TransferredLine = Transferred['lines'][number];

/**
 * Units change hands: the custodian changes; the owner, the stage and the shipment stay. Held or damaged units, or units in
 * transit that one carrier hands to another.
 */
export const transferCustody = moveLines<'lading.custody.transferred.v1'>({
  refusal: ({ from, to }) =>
    from === to
      ? reject('nothing-to-do', `${from} has these units already. Name the custodian that gets them.`, { from, to })
      : undefined,
  sources: (line, asked, { from, shipment }) => {
    const on = asked.shipment ?? shipment;
    if (on === undefined && !meansTransit(line, from, asked)) return sourceInHand(line, from, asked);
    return inTransitWith(line, from, on, asked);
  },
  to: (source, { to }) => placeOf({ ...source, custodian: to }),
});

/** Whether a line that names neither a shipment nor a stage means units in transit: the custodian has no others of the line. */
const meansTransit = ({ state }: FoundLine, custodian: string, { owner, stage }: TransferredLine): boolean =>
  stage === undefined &&
  holdingsAt(state, { custodian, owner, stage: 'held' }).length === 0 &&
  holdingsAt(state, { custodian, owner, stage: 'in_transit' }).length > 0;

/** What a carrier has in transit, of one shipment or of all: then those that were dispatched first. */
function inTransitWith(
  line: FoundLine,
  custodian: string,
  shipment: string | undefined,
  { owner, quantity, stage }: TransferredLine,
): OrRejected<readonly Holding[]> {
  const where = { stage: 'in_transit', shipment, custodian } as const;
  const { goods, state } = line;
  if (stage !== undefined) return wrongStage(goods, { ...where, stage, owner }, holdingsAt(state, { ...where, owner }));
  const there = sourcesAt(line, where, owner, () => whyNoneInTransit(line, where, owner, quantity));
  if (isRejected(there)) return there;
  const sent = (holding: Holding): number => state.dispatched.get(holding.shipment ?? '') ?? 0;
  return there.toSorted((a, b) => sent(a) - sent(b));
}

/** Another carrier has them (`not-the-custodian`), or they are another owner's, or not in transit there. */
function whyNoneInTransit(
  line: FoundLine,
  where: UnitsFilter & { readonly custodian: string },
  owner: string | undefined,
  asked: number,
): Rejected {
  const elsewhere = holdingsAt(line.state, { ...where, owner, custodian: undefined });
  return elsewhere.length > 0
    ? notTheCustodian(line.goods, where.custodian, custodiansOf(elsewhere))
    : whyNoneAt(line, where, owner, asked);
}
