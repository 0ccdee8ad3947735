import type { Completed, EventType, Submitted } from '#contracts/catalog';
import { withMore } from '#contracts/cloudEvent';
import type { Place } from '#contracts/move';
import type { Serials } from '#contracts/serials';
import { type Holding, placeOf } from '../account.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, type Rejected } from '../decision.ts';
import { type FoundLine, withLines } from '../order/line.ts';
import type { View } from '../view.ts';
import { book } from './book.ts';
import { Division } from './divide.ts';
import type { Draw } from './draw.ts';

/** What each line says. */
interface MovingLine {
  readonly order: string;
  readonly line: string;
  readonly owner?: string | undefined;
  readonly quantity: number;
  readonly serials?: Serials | undefined;
}

/** The types whose lines each take units of one owner from one account and put them on another. */
type MovingType = {
  [T in EventType]: Submitted<T> extends { readonly lines: readonly MovingLine[] } ? T : never;
}[EventType];
type AskedBy<T extends MovingType> = Submitted<T>['lines'][number];

/** What differs between those types. */
interface Declaration<T extends MovingType> {
  /** Why the event is rejected as a whole, whatever its lines say. */
  readonly refusal?: (data: Submitted<T>, view: View, time: string) => Rejected | undefined;
  /**
   * The accounts that a line means, in the order in which units are taken from them, or why there is none. The first is the owner's, also
   * with nothing on it; others are the same owner's, or the supply.
   */
  readonly sources: (
    line: FoundLine,
    asked: AskedBy<T>,
    data: Submitted<T>,
    view: View,
  ) => OrRejected<Holding | readonly Holding[]>;
  /**
   * Whether whoever says it could have left it: then it takes no units that are held. Else it is a fact, and is taken. Of `origins` the
   * units that come back first could have been others.
   */
  readonly takesAway?: true | 'origins';
  /** What of the draws has to come back first; all lines together, because one leaves what another takes. */
  readonly origins?: (view: View, draws: readonly { asked: AskedBy<T>; draw: Draw }[], now: Date) => OrRejected<Draw[]>;
  /** Where its units go; `owner` is the line's. */
  readonly to: (source: Holding, data: Submitted<T>, line: FoundLine, owner: string) => Place;
}

/**
 * The rule of a type whose lines each move units: every line is as submitted, with the item and the owner that the ledger
 * found, and has a move for each account that it takes units from, in the order of the lines.
 */
export const moveLines =
  <T extends MovingType>({ refusal, sources, origins, takesAway, to }: Declaration<T>): Rule<T> =>
  (data, { view, now, time, lines }) => {
    const refused = refusal?.(data, view, time);
    if (refused !== undefined) return refused;

    const division = new Division(view);
    const found: { asked: AskedBy<T>; draw: Draw }[] = [];
    const completed: (MovingLine & { item: string })[] = [];
    for (const { asked, line } of withLines<AskedBy<T>>(data.lines, lines)) {
      const meant = sources(line, asked, data, view);
      if (isRejected(meant)) return meant;
      const there = [meant].flat();
      const owner = there[0]?.owner ?? '';
      for (const { holding, quantity, serials } of division.parts(line, there, asked)) {
        const draw = { line, from: placeOf(holding), to: to(holding, data, line, owner), quantity, serials };
        found.push({ asked, draw });
      }
      completed.push(withMore(asked, { owner, item: line.goods.item }));
    }
    const draws = origins === undefined ? found.map(({ draw }) => draw) : origins(view, found, now);
    const judged = takesAway && { now, ...(takesAway === 'origins' && ({ onlyOrigins: true } as const)) };
    const moves = isRejected(draws) ? draws : book(view, draws, judged);
    if (isRejected(moves)) return moves;
    return accept<T>(withMore(data, { lines: completed, moves }) as unknown as Completed<T>);
  };
