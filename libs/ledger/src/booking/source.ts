import { type Holding, isPartiesStage } from '../account.ts';
import { isRejected, type OrRejected, type Rejected } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import {
  ambiguousOwner,
  custodiansOf,
  insufficient,
  notTheCustodian,
  notTheOwner,
  type UnitsFilter,
  wrongStage,
} from '../rejections.ts';

/** The owners of some holdings, each once, in the order of their ids. */
export const ownersOf = (holdings: readonly Holding[]): string[] =>
  [...new Set(holdings.map(({ owner }) => owner))].sort();

/**
 * The account that a line of an event means, at a place where each owner has one account. The owner may be left out
 * while exactly one has units there, else `ambiguous-owner`. When nothing is there, `whyNone` says why.
 */
export function sourceAt(
  line: FoundLine,
  where: UnitsFilter,
  owner: string | undefined,
  whyNone: () => Rejected,
): OrRejected<Holding> {
  const sources = sourcesAt(line, where, owner, whyNone);
  return isRejected(sources) ? sources : (sources[0] ?? whyNone());
}

/** The same where an owner may have several accounts: in transit, units of one shipment are with several carriers. */
export function sourcesAt(
  { state, goods }: FoundLine,
  where: UnitsFilter,
  owner: string | undefined,
  whyNone: () => Rejected,
): OrRejected<Holding[]> {
  const there = holdingsAt(state, owner === undefined ? where : { ...where, owner });
  const [first] = there;
  if (first === undefined) return whyNone();
  return there.every((holding) => holding.owner === first.owner)
    ? there
    : ambiguousOwner(goods, where, ownersOf(there));
}

/** What an owner has ordered of a line, also when that is nothing, then the supply: where more may be sent than was ordered. */
export function orderedThenSupply({ goods, order: { supplier }, state }: FoundLine, owner: string): Holding[] {
  const place = { ...goods, custodian: supplier, shipment: null };
  const [ordered] = holdingsAt(state, { stage: 'ordered', owner });
  return [
    ordered ?? { ...place, owner, stage: 'ordered', quantity: 0 },
    { ...place, owner: supplier, stage: 'supply', quantity: Infinity },
  ];
}

/**
 * Units in transit on one shipment, in the order in which they arrive: those of a carrier that they were handed to on the way
 * come before those that are still with the shipment's own.
 */
export const inTurn = (inTransit: readonly Holding[], { carrier }: Pick<Shipment, 'carrier'>): Holding[] =>
  inTransit.length < 2
    ? [...inTransit]
    : inTransit.toSorted(
        (a, b) =>
          Number(a.custodian === carrier) - Number(b.custodian === carrier) || (a.custodian < b.custodian ? -1 : 1),
      );

/** What a line of an event says of the units that it takes. */
interface AskedUnits {
  readonly owner?: string | undefined;
  readonly quantity: number;
  /** `held` when left out. */
  readonly stage?: 'held' | 'damaged' | undefined;
}

/** The accounts of ordered units, or of units in transit on a shipment. */
export const sourcesOnTheWay = (
  line: FoundLine,
  where: UnitsFilter,
  { owner, quantity }: AskedUnits,
): OrRejected<Holding[]> => sourcesAt(line, where, owner, () => whyNoneAt(line, where, owner, quantity));

/** The account of held or damaged units with a custodian. */
export function sourceInHand(line: FoundLine, custodian: string, asked: AskedUnits): OrRejected<Holding> {
  const { owner, quantity, stage = 'held' } = asked;
  const at = { custodian, stage };
  return sourceAt(line, at, owner, () => whyNoneInHand(line, at, owner, quantity));
}

/** Why nothing is there: it is another owner's (`not-the-owner`), or there is none (`insufficient-quantity`). */
export function whyNoneAt(
  { state, goods }: FoundLine,
  where: UnitsFilter,
  owner: string | undefined,
  asked: number,
): Rejected {
  const owners = ownersOf(holdingsAt(state, where));
  if (owner !== undefined && owners.length > 0) return notTheOwner(goods, where, owner, owners);
  return insufficient(goods, { ...where, owner }, asked, 0);
}

/**
 * Why a custodian has no such units: it has them in the other stage (`wrong-stage`), another custodian has them
 * (`not-the-custodian`), they are another owner's (`not-the-owner`), they are elsewhere (`wrong-stage`), or nobody has
 * any (`insufficient-quantity`).
 */
function whyNoneInHand(
  { state, goods }: FoundLine,
  at: { readonly custodian: string; readonly stage: 'held' | 'damaged' },
  owner: string | undefined,
  asked: number,
): Rejected {
  const { custodian, stage } = at;
  const meant = holdingsAt(state, { owner }).filter(inPartiesHands);
  const here = meant.filter((holding) => holding.custodian === custodian && isInHand(holding));
  if (here.length > 0) return wrongStage(goods, { ...at, owner }, here);

  const sameStage = meant.filter((holding) => holding.stage === stage);
  if (sameStage.length > 0) return notTheCustodian(goods, custodian, custodiansOf(sameStage));

  const others = holdingsAt(state, at);
  if (owner !== undefined && others.length > 0) return notTheOwner(goods, at, owner, ownersOf(others));
  return meant.length > 0
    ? wrongStage(goods, { ...at, owner }, meant)
    : insufficient(goods, { ...at, owner }, asked, 0);
}

const isInHand = ({ stage }: Holding): boolean => stage === 'held' || stage === 'damaged';

/** What was wanted of one owner's units of a line. */
interface Wanted {
  readonly line: FoundLine;
  readonly owner: string;
  readonly quantity: number;
  readonly where: Omit<UnitsFilter, 'owner'>;
}

/**
 * Why an owner has none of the units that were named, wherever they may be: another custodian has them
 * (`not-the-custodian`), they are in another stage or on another shipment by now (`wrong-stage`), another owner has them
 * (`not-the-owner`), or nobody (`insufficient-quantity`).
 */
export function whyOwnerHasNone({ line: { state, goods }, owner, quantity, where }: Wanted, serial?: string): Rejected {
  if (serial === undefined) {
    const { custodian, ...anyCustodian } = where;
    const elsewhere = holdingsAt(state, { ...anyCustodian, owner }).filter(inPartiesHands);
    if (custodian !== undefined && elsewhere.length > 0)
      return notTheCustodian(goods, custodian, custodiansOf(elsewhere));
  }
  const own = holdingsAt(state, { owner });
  const inOwnHands = own.filter(inPartiesHands);
  if (inOwnHands.length > 0) return wrongStage(goods, { ...where, owner }, inOwnHands, serial);

  const others = holdingsAt(state, where).filter(inPartiesHands);
  if (others.length > 0) return notTheOwner(goods, where, owner, ownersOf(others));
  // What was named has left the parties' hands: cancelled, lost, returned.
  const named = where.stage !== undefined || where.shipment !== undefined || serial !== undefined;
  if (named && own.length > 0) return wrongStage(goods, { ...where, owner }, own, serial);

  const anyones = [...state.accounts.values()].filter(inPartiesHands);
  return anyones.length > 0
    ? notTheOwner(goods, {}, owner, ownersOf(anyones))
    : insufficient(goods, { ...where, owner }, quantity, 0);
}

const inPartiesHands = ({ stage }: Holding): boolean => isPartiesStage(stage);
