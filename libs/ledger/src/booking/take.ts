import { expandSerials } from '#contracts/serials';
import { accountKey, type Holding, isPartiesStage } from '../account.ts';
import { isRejected, type Or } from '../decision.ts';
import { holdingsAt, type LineOf } from '../order/line.ts';
import type { View } from '../view.ts';
import type { Draw } from './draw.ts';
import { movedOn } from './movedOn.ts';
import { insufficient } from './owner.ts';
import { serialCount } from './serialRejections.ts';
import { takeNamed } from './takeNamed.ts';
import { trackingOf, wrongTracking } from './tracking.ts';
import { drawFrom, nothingTaken, type TakenByAccount, type Want } from './want.ts';

/**
 * Picks the units for all wants: ordered units first, then in transit by dispatch sequence, then held by custodian id;
 * damaged ones only where the want says so. Wants that name more are served first, so that one that takes any unit does
 * not take the only ones that another could mean. Answers the draws of each want, in the order of the wants.
 */
export function take(view: View, wants: readonly Want[]): Or<Draw[][]> {
  const taken: TakenByAccount = new Map();
  const draws: Draw[][] = wants.map(() => []);
  const narrowFirst = wants.map((want, at) => ({ want, at })).sort((a, b) => narrowness(b.want) - narrowness(a.want));
  for (const { want, at } of narrowFirst) {
    const picked = pick(view, want, taken);
    if (isRejected(picked)) return picked;
    draws[at] = picked;
  }
  return draws;
}

const narrowness = ({ where, serials }: Want): number =>
  (serials === undefined ? 0 : 8) +
  (where.shipment === undefined ? 0 : 4) +
  (where.custodian === undefined ? 0 : 2) +
  (where.stage === undefined ? 0 : 1);

function pick(view: View, want: Want, taken: TakenByAccount): Or<Draw[]> {
  const { line, owner, quantity, where, serials } = want;
  const tracking = trackingOf(view, line);
  if (isRejected(tracking)) return tracking;
  if (serials !== undefined && tracking === 'quantity') return wrongTracking(line);

  const there = candidates(want);
  if (there.length === 0) return movedOn(want);
  if (serials !== undefined) {
    const list = expandSerials(serials);
    const distinct = new Set(list).size;
    if (list.length !== quantity || distinct !== quantity) return serialCount(line, quantity, distinct);
    return takeNamed(view, want, there, list, taken);
  }

  const draws: Draw[] = [];
  let open = quantity;
  let available = 0;
  let gone = 0;
  for (const holding of there) {
    const key = accountKey(holding);
    const before = taken.get(key) ?? nothingTaken;
    available += holding.quantity;
    gone += before.quantity;
    const part = Math.min(open, holding.quantity - before.quantity);
    if (part <= 0) continue;
    taken.set(key, { ...before, quantity: before.quantity + part });
    draws.push(drawFrom(want, holding, part));
    open -= part;
  }
  return open === 0 ? draws : insufficient(line, { ...where, owner }, quantity + gone, available);
}

function candidates({ line, owner, where }: Want): Holding[] {
  const there = holdingsAt(line.is, { ...where, owner }).filter(
    ({ stage }) => isPartiesStage(stage) && (stage !== 'damaged' || where.stage === 'damaged'),
  );
  return there.length < 2 ? there : there.sort((a, b) => byTurn(line, a, b));
}

const turn: Readonly<Record<string, number>> = { ordered: 0, in_transit: 1, held: 2, damaged: 3 };

function byTurn({ is }: LineOf, a: Holding, b: Holding): number {
  const sequence = ({ shipment }: Holding): number => (shipment === null ? 0 : (is.dispatched.get(shipment) ?? 0));
  return (
    (turn[a.stage] ?? 9) - (turn[b.stage] ?? 9) ||
    sequence(a) - sequence(b) ||
    (a.custodian < b.custodian ? -1 : a.custodian > b.custodian ? 1 : 0)
  );
}
