import { type Holding, isPartiesStage } from '../account.ts';
import { type Rejected, reject } from '../decision.ts';
import { holdingsAt, type LineOf, type Where } from '../order/line.ts';
import { insufficient, notTheOwner, ownersOf } from './owner.ts';

/** What was wanted of one owner's units of a line. */
interface Wanted {
  readonly line: LineOf;
  readonly owner: string;
  readonly quantity: number;
  readonly where: Omit<Where, 'owner'>;
}

/**
 * Why an owner has none of the units that a leg or a reallocation names: another custodian has them
 * (`not-the-custodian`), they are in another stage or on another shipment by now (`wrong-stage`), another owner has them
 * (`not-the-owner`), or nobody (`insufficient-quantity`).
 */
export function movedOn({ line, owner, quantity, where }: Wanted, serial?: string): Rejected {
  if (serial === undefined) {
    const { custodian, ...anyCustodian } = where;
    const elsewhere = holdingsAt(line.is, { ...anyCustodian, owner }).filter(inHands);
    if (custodian !== undefined && elsewhere.length > 0) return notTheCustodian(line, custodian, elsewhere);
  }
  const own = holdingsAt(line.is, { owner });
  const inOwnHands = own.filter(inHands);
  if (inOwnHands.length > 0) return wrongStage(line, { ...where, owner }, inOwnHands, serial);

  const others = holdingsAt(line.is, where).filter(inHands);
  if (others.length > 0) return notTheOwner(line, owner, ownersOf(others));
  // What was named has left the parties' hands: cancelled, lost, returned.
  const named = where.stage !== undefined || where.shipment !== undefined || serial !== undefined;
  if (named && own.length > 0) return wrongStage(line, { ...where, owner }, own, serial);

  const anyones = [...line.is.accounts.values()].filter(inHands);
  return anyones.length > 0
    ? notTheOwner(line, owner, ownersOf(anyones))
    : insufficient(line, { ...where, owner }, quantity, 0);
}

const inHands = ({ stage }: Holding): boolean => isPartiesStage(stage);

export function notTheCustodian({ order, line }: LineOf, custodian: string, there: readonly Holding[]): Rejected {
  const custodians = [...new Set(there.map((holding) => holding.custodian))].sort();
  return reject(
    'not-the-custodian',
    `${custodian} does not have units of line ${line} of order ${order}; ${custodians.join(' and ')} ${custodians.length === 1 ? 'does' : 'do'}. Name the custodian that has them.`,
    { order, line, custodian, custodians },
  );
}

export function wrongStage(
  { order, line }: LineOf,
  { owner, custodian, stage, shipment }: Where,
  elsewhere: readonly Holding[],
  serial?: string,
): Rejected {
  const where = elsewhere.slice(0, 20).map((one) => ({
    owner: one.owner,
    custodian: one.custodian,
    stage: one.stage,
    ...(one.shipment === null ? {} : { shipment: one.shipment }),
    quantity: one.quantity,
  }));
  const stages = [...new Set(elsewhere.map((one) => one.stage))].join(', ');
  const asked = [stage, shipment === undefined ? undefined : `on shipment ${shipment}`].filter(Boolean).join(' ');
  return reject(
    'wrong-stage',
    `${serial === undefined ? 'Units' : `Unit ${serial}`} of line ${line} of order ${order} ${serial === undefined ? 'are' : 'is'} not there${asked === '' ? '' : ` (${asked})`} any more or yet: they are ${stages}. Name them where they are.`,
    { order, line, owner, custodian, stage, shipment, serial, elsewhere: where },
  );
}
