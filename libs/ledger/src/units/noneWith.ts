import { type Holding, isPartiesStage } from '../account.ts';
import { notTheCustodian, wrongStage } from '../booking/movedOn.ts';
import { insufficient, notTheOwner, ownersOf } from '../booking/owner.ts';
import type { Rejected } from '../decision.ts';
import { holdingsAt, type LineOf } from '../order/line.ts';

interface AtCustodian {
  readonly custodian: string;
  readonly stage: 'held' | 'damaged';
}

/**
 * Why a custodian has no such units: it has them in the other stage (`wrong-stage`), another custodian has them
 * (`not-the-custodian`), they are another owner's (`not-the-owner`), they are elsewhere (`wrong-stage`), or nobody has
 * any (`insufficient-quantity`).
 */
export function noneWith(line: LineOf, at: AtCustodian, owner: string | undefined, asked: number): Rejected {
  const { custodian, stage } = at;
  const meant = holdingsAt(line.is, { owner }).filter((holding) => isPartiesStage(holding.stage));
  const here = meant.filter((holding) => holding.custodian === custodian && isInHand(holding));
  if (here.length > 0) return wrongStage(line, { ...at, owner }, here);

  const sameStage = meant.filter((holding) => holding.stage === stage);
  if (sameStage.length > 0) return notTheCustodian(line, custodian, sameStage);

  const others = holdingsAt(line.is, at);
  if (owner !== undefined && others.length > 0) return notTheOwner(line, owner, ownersOf(others));
  return meant.length > 0 ? wrongStage(line, { ...at, owner }, meant) : insufficient(line, { ...at, owner }, asked, 0);
}

const isInHand = ({ stage }: Holding): boolean => stage === 'held' || stage === 'damaged';
