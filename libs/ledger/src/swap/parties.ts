import { reject } from '../decision.ts';
import type { Swap } from '../entity.ts';
import type { LineOf } from '../order/line.ts';

interface Sides {
  readonly from: string;
  readonly to: string;
}

/** Every party of some legs, each once, in the order of their first mention. */
export const partiesOf = (legs: readonly Sides[]): string[] => [...new Set(legs.flatMap(({ from, to }) => [from, to]))];

/** Who has yet to accept. */
export const missingAcceptances = ({ terms, accepted }: Swap): string[] =>
  partiesOf(terms.legs).filter((party) => !accepted.includes(party));

/** The suppliers of some order lines, each once. */
export const suppliersOf = (lines: readonly { line: LineOf }[]): string[] => [
  ...new Set(lines.map(({ line }) => line.of.supplier)),
];

export const notAParty = (swap: string, by: string, may: readonly string[]) =>
  reject('not-a-party', `${by} may not do this with swap ${swap}: ${may.join(', ')} may.`, { swap, by, parties: may });
