import type { Holding } from '../account.ts';
import { type Or, type Rejected, reject, units } from '../decision.ts';
import { holdingsAt, type LineOf, type Where } from '../order/line.ts';

/** The owners of some holdings, each once, in the order of their ids. */
export const ownersOf = (holdings: readonly Holding[]): string[] =>
  [...new Set(holdings.map(({ owner }) => owner))].sort();

/**
 * The account that a line of an event means, at a place where each owner has one account. The owner may be left out
 * while exactly one has units there, else `ambiguous-owner`. When nothing is there, `none` says why.
 */
export function sourceAt(line: LineOf, where: Where, owner: string | undefined, none: () => Rejected): Or<Holding> {
  const there = holdingsAt(line.is, where);
  if (owner !== undefined) return there.find((holding) => holding.owner === owner) ?? none();
  const [first, second] = there;
  if (first === undefined) return none();
  return second === undefined ? first : ambiguousOwner(line, ownersOf(there));
}

export const ambiguousOwner = ({ order, line }: LineOf, owners: readonly string[]): Rejected =>
  reject(
    'ambiguous-owner',
    owners.length === 0
      ? `By the books nobody has units of line ${line} of order ${order} there. Name the owner.`
      : `Units of line ${line} of order ${order} there belong to ${owners.join(' and ')}. Name the owner.`,
    { order, line, owners },
  );

/** Nothing is there: it is another owner's (`not-the-owner`), or there is none (`insufficient-quantity`). */
export function noneThere(line: LineOf, where: Where, owner: string | undefined, asked: number): Rejected {
  const owners = ownersOf(holdingsAt(line.is, where));
  if (owner !== undefined && owners.length > 0) return notTheOwner(line, owner, owners);
  return insufficient(line, { ...where, owner }, asked, 0);
}

export const notTheOwner = ({ order, line }: LineOf, owner: string, owners: readonly string[]): Rejected =>
  reject(
    'not-the-owner',
    `${owner} has no units of line ${line} of order ${order} there; ${owners.join(' and ')} ${owners.length === 1 ? 'has' : 'have'}. Name the owner as it is now.`,
    { order, line, owner, owners },
  );

export const insufficient = (
  { order, line, item }: LineOf,
  { owner, custodian, stage, shipment }: Where,
  asked: number,
  available: number,
): Rejected =>
  reject(
    'insufficient-quantity',
    `Line ${line} of order ${order} has ${units(available)} there${owner === undefined ? '' : ` for ${owner}`}, ${asked} asked for. Ask for no more than there are.`,
    { order, line, item, owner, custodian, stage, shipment, asked, available },
  );
