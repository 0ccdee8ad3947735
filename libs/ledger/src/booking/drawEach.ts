import type { Place } from '#contracts/move';
import type { Serials } from '#contracts/serials';
import { type Holding, placeOf } from '../account.ts';
import { isRejected, type Or } from '../decision.ts';
import type { Asked, LineOf } from '../order/line.ts';
import type { Draw } from './draw.ts';

/** What every line of an event says that takes units from one place and puts them on another. */
interface Taking {
  readonly quantity: number;
  readonly serials?: Serials | undefined;
}

/** One draw a line: `source` finds the account that the line means, or says why there is none; `to` where it goes. */
export function drawEach<L extends Taking>(
  lines: readonly Asked<L>[],
  source: (line: LineOf, asked: L) => Or<Holding>,
  to: (source: Holding, line: LineOf) => Place,
): Or<Draw[]> {
  const draws: Draw[] = [];
  for (const { line, asked } of lines) {
    const found = source(line, asked);
    if (isRejected(found)) return found;
    const { quantity, serials } = asked;
    draws.push({ line, from: placeOf(found), to: to(found, line), quantity, serials });
  }
  return draws;
}
