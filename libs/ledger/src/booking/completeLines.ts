import type { Asked } from '../order/line.ts';
import type { Draw } from './draw.ts';

/** The lines as submitted, each with the item and the owner that the ledger found; one draw a line, in their order. */
export const completeLines = <L extends object>(
  lines: readonly Asked<L>[],
  draws: readonly Draw[],
): (L & { owner: string; item: string })[] =>
  lines.map(({ asked, line: { item } }, at) => ({ ...asked, owner: draws[at]?.from.owner ?? '', item }));
