import type { Place } from '#contracts/move';
import {
  countDistinct,
  countSerials,
  rangesOf,
  serialAt,
  type SerialRange,
  type Serials,
  serialsOf,
} from '#contracts/serials';
import { accountKey, type Holding, isPartiesStage, parseAccountKey, placeOf } from '../account.ts';
import { isRejected, type OrRejected, type Rejected } from '../decision.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import { heldFor, insufficient, serialCount, serialElsewhere, type UnitsFilter, wrongTracking } from '../rejections.ts';
import { rangeIn, type View } from '../view.ts';
import { split, total } from './divide.ts';
import type { Draw } from './draw.ts';
import { heldUnits, type Judged } from './held.ts';
import { whyOwnerHasNone } from './source.ts';

/** What a leg or a line of a reallocation wants: so many units of one owner, wherever they are, or from one place. */
export interface Want {
  readonly line: FoundLine;
  readonly owner: string;
  /** The owner afterwards. */
  readonly to: string;
  readonly quantity: number;
  readonly where: Omit<UnitsFilter, 'owner'>;
  readonly serials?: Serials | undefined;
}

/** What other wants of the same event have taken from an account, and how many units they gave a name to there. */
interface TakenUnits {
  readonly quantity: number;
  readonly newlyNamed: number;
}
type TakenByAccount = Map<string, TakenUnits>;

const nothingTaken: TakenUnits = { quantity: 0, newlyNamed: 0 };

/**
 * Picks the units for all wants: ordered units first, then in transit by dispatch sequence, then held by custodian id;
 * damaged ones only where the want says so. Wants that name more are served first, so that one that takes any unit does
 * not take the only ones that another could mean. Units that are held for others are left where they are, as long as there are
 * others. Answers the draws of each want, in the order of the wants.
 */
export function take(view: View, wants: readonly Want[], judged: Judged): OrRejected<Draw[][]> {
  const taken: TakenByAccount = new Map();
  const draws: Draw[][] = wants.map(() => []);
  const narrowFirst = wants
    .map((want, index) => ({ want, index }))
    .sort((a, b) => narrowness(b.want) - narrowness(a.want));
  for (const { want, index } of narrowFirst) {
    const picked = pick(view, want, taken, judged);
    if (isRejected(picked)) return picked;
    draws[index] = picked;
  }
  return draws;
}

const narrowness = ({ where, serials }: Want): number =>
  (serials === undefined ? 0 : 8) +
  (where.shipment === undefined ? 0 : 4) +
  (where.custodian === undefined ? 0 : 2) +
  (where.stage === undefined ? 0 : 1);

function pick(view: View, want: Want, taken: TakenByAccount, judged: Judged): OrRejected<Draw[]> {
  const { line, owner, quantity, where, serials } = want;
  if (serials !== undefined && line.tracking === 'quantity') return wrongTracking(line.goods);

  const there = candidates(want);
  if (there.length === 0) return whyOwnerHasNone(want);
  if (serials !== undefined) {
    const distinct = countDistinct(rangesOf(serials));
    if (countSerials(serials) !== quantity || distinct !== quantity) return serialCount(line.goods, quantity, distinct);
    return takeNamed(view, want, there, serials, taken);
  }

  const held = heldUnits(view, line, owner, judged);
  const draws: Draw[] = [];
  let open = quantity;
  let available = 0;
  let gone = 0;
  for (const holding of there) {
    const key = accountKey(holding);
    const before = taken.get(key) ?? nothingTaken;
    available += holding.quantity;
    gone += before.quantity;
    const free = held?.spare([key], quantitiesOf(taken)) ?? holding.quantity - before.quantity;
    const part = Math.min(open, free);
    if (part <= 0) continue;
    taken.set(key, { ...before, quantity: before.quantity + part });
    draws.push(drawFrom(want, holding, part));
    open -= part;
  }
  if (open === 0) return draws;
  if (held === undefined || quantity + gone > available) {
    return insufficient(line.goods, { ...where, owner }, quantity + gone, available);
  }
  return heldFor(line.goods, owner, quantity, quantity - open, held.holds);
}

const quantitiesOf = (taken: TakenByAccount): ReadonlyMap<string, number> =>
  new Map([...taken].map(([key, { quantity }]) => [key, quantity]));

function candidates({ line, owner, where }: Want): Holding[] {
  const there = holdingsAt(line.state, { ...where, owner }).filter(
    ({ stage }) => isPartiesStage(stage) && (stage !== 'damaged' || where.stage === 'damaged'),
  );
  return there.length < 2 ? there : there.sort((a, b) => byTurn(line, a, b));
}

const turn: Readonly<Record<string, number>> = { ordered: 0, in_transit: 1, held: 2, damaged: 3 };

function byTurn({ state }: FoundLine, a: Holding, b: Holding): number {
  const sequence = ({ shipment }: Holding): number => (shipment === null ? 0 : (state.dispatched.get(shipment) ?? 0));
  return (
    (turn[a.stage] ?? 9) - (turn[b.stage] ?? 9) ||
    sequence(a) - sequence(b) ||
    (a.custodian < b.custodian ? -1 : a.custodian > b.custodian ? 1 : 0)
  );
}

/**
 * Takes named units from where they are. Units that nobody named so far are taken, in the order of the accounts, where
 * there are unnamed ones. Rejects with `wrong-stage` when a unit has moved on, else with `serial-elsewhere`.
 */
function takeNamed(
  view: View,
  want: Want,
  there: readonly Holding[],
  serials: Serials,
  taken: TakenByAccount,
): OrRejected<Draw[]> {
  const { goods } = want.line;
  const sources = new Map(there.map((holding) => [accountKey(holding), sourceIn(holding)]));
  const unnamed: SerialRange[] = [];
  let wrong: Rejected | undefined;
  for (const units of view.unitsOf(goods.item, rangesOf(serials))) {
    const { account: key } = units;
    const source = key === undefined ? undefined : sources.get(key);
    if (key === undefined) unnamed.push(rangeIn(units));
    else if (source === undefined) wrong ??= notAmongThem(want, serialAt(units, units.from), key);
    else source.named.push(rangeIn(units));
  }
  let left: readonly SerialRange[] = unnamed;
  for (const [key, { holding, fresh }] of sources) {
    const free = holding.quantity - view.named(key) - (taken.get(key) ?? nothingTaken).newlyNamed;
    const [here, others] = split(left, Math.max(free, 0));
    fresh.push(...here);
    left = others;
  }
  if (wrong !== undefined) return wrong;
  const [nowhere] = left;
  if (nowhere !== undefined) return serialElsewhere(goods, serialAt(nowhere, nowhere.from), undefined);

  const draws: Draw[] = [];
  for (const [key, { holding, named, fresh }] of sources) {
    const picked = [...named, ...fresh];
    const units = total(picked);
    if (units === 0) continue;
    const { quantity, newlyNamed } = taken.get(key) ?? nothingTaken;
    taken.set(key, { quantity: quantity + units, newlyNamed: newlyNamed + total(fresh) });
    // All in one place: the serial numbers stay as they were given.
    draws.push(drawFrom(want, holding, units, units === want.quantity ? serials : serialsOf(picked)));
  }
  return draws;
}

/** A holding, which of the units wanted are named there already, and which get their name by being taken from there. */
interface Source {
  readonly holding: Holding;
  readonly named: SerialRange[];
  readonly fresh: SerialRange[];
}
const sourceIn = (holding: Holding): Source => ({ holding, named: [], fresh: [] });

/** A unit that is on this line with the same owner has moved on; any other is elsewhere. */
function notAmongThem(want: Want, serial: string, key: string): Rejected {
  const { order, line, owner } = parseAccountKey(key);
  return order === want.line.goods.order && line === want.line.goods.line && owner === want.owner
    ? whyOwnerHasNone(want, serial)
    : serialElsewhere(want.line.goods, serial, key);
}

/** Takes part of a holding: the account stays the same but for its owner. */
function drawFrom({ line, to }: Want, holding: Holding, quantity: number, serials?: Serials): Draw {
  const from: Place = placeOf(holding);
  return { line, quantity, serials, from, to: { ...from, owner: to } };
}
