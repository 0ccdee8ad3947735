import type { Holding } from '../account.ts';
import { sourceAt } from '../booking/owner.ts';
import type { Or } from '../decision.ts';
import type { LineOf } from '../order/line.ts';
import { noneWith } from './noneWith.ts';

interface Asked {
  readonly owner?: string | undefined;
  readonly quantity: number;
  /** `held` when left out. */
  readonly stage?: 'held' | 'damaged' | undefined;
}

/** The account of held or damaged units with a custodian that a line means; the rejections of `noneWith` when there is none. */
export function sourceWith(line: LineOf, custodian: string, { owner, quantity, stage = 'held' }: Asked): Or<Holding> {
  const at = { custodian, stage };
  return sourceAt(line, at, owner, () => noneWith(line, at, owner, quantity));
}
