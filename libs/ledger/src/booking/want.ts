import type { Place } from '#contracts/move';
import type { Serials } from '#contracts/serials';
import { type Holding, placeOf } from '../account.ts';
import type { LineOf, Where } from '../order/line.ts';
import type { Draw } from './draw.ts';

/** What a leg or a line of a reallocation wants: so many units of one owner, wherever they are, or from one place. */
export interface Want {
  readonly line: LineOf;
  readonly owner: string;
  /** The owner afterwards. */
  readonly to: string;
  readonly quantity: number;
  readonly where: Omit<Where, 'owner'>;
  readonly serials?: Serials | undefined;
}

/** What other wants of the same event have taken from an account, and how many units they gave a name to there. */
export interface Taken {
  readonly quantity: number;
  readonly newlyNamed: number;
}
export type TakenByAccount = Map<string, Taken>;

export const nothingTaken: Taken = { quantity: 0, newlyNamed: 0 };

/** Takes part of a holding: the account stays the same but for its owner. */
export function drawFrom({ line, to }: Want, holding: Holding, quantity: number, serials?: Serials): Draw {
  const from: Place = placeOf(holding);
  return { line, quantity, serials, from, to: { ...from, owner: to } };
}
