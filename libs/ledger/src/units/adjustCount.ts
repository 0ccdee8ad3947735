import type { Completed, Submitted } from '#contracts/catalog';
import type { Place } from '#contracts/move';
import { keyAt } from '../account.ts';
import { book } from '../booking/book.ts';
import { namesNothing } from '../booking/checkSerials.ts';
import type { Draw } from '../booking/draw.ts';
import { sourceAt } from '../booking/source.ts';
import { Taking } from '../booking/taking.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import { type FoundLine, withLines } from '../order/line.ts';
import { overtaken } from '../overtaken.ts';
import { ambiguousOwner } from '../rejections.ts';
import type { View } from '../view.ts';
import { found, moreThanFound } from './found.ts';

type Counted = Submitted<'lading.count.adjusted.v1'>;
type CountedLine = Counted['lines'][number];
type CompletedLine = Completed<'lading.count.adjusted.v1'>['lines'][number];

/** What one line of a count comes to. */
interface Difference {
  readonly key: string;
  readonly completed: CompletedLine;
  readonly draws: readonly Draw[];
}

/**
 * Brings held units of a custodian to what was counted: missing ones go to `count`, found ones come from there. A count
 * that finds everything as the books have it is `nothing-to-do`. What was counted is compared with what the books have now, so a count
 * is `overtaken` when units came or left, or were counted, at a later occurrence.
 */
export const adjustCount: Rule<'lading.count.adjusted.v1'> = (data, { view, time, lines }) => {
  const { custodian } = data;
  const counted = new Map<string, Difference>();
  const taking = new Taking(view);
  for (const { asked, line } of withLines(data.lines, lines)) {
    const difference = countLine(view, custodian, { asked, line, taking, time });
    if (isRejected(difference)) return difference;
    if (counted.has(difference.key)) return countedTwice(difference.completed, custodian);
    counted.set(difference.key, difference);
  }
  const differences = [...counted.values()];
  const draws = differences.flatMap((difference) => difference.draws);
  if (draws.length === 0) return asExpected(custodian);
  const moves = book(view, draws);
  if (isRejected(moves)) return moves;
  return accept<'lading.count.adjusted.v1'>({ ...data, lines: differences.map(({ completed }) => completed), moves });
};

function countLine(
  view: View,
  custodian: string,
  { asked, line, taking, time }: { asked: CountedLine; line: FoundLine; taking: Taking; time: string },
): OrRejected<Difference> {
  const owner = ownerOf(line, custodian, asked.owner);
  if (isRejected(owner)) return owner;
  const held = { owner, custodian, stage: 'held' } as const;
  const count = { owner, custodian, stage: 'count' } as const;
  const key = keyAt(line.goods, held);
  const late = movedLater(line, held, time);
  if (late !== undefined) return late;
  const expected = line.state.accounts.get(key)?.quantity ?? 0;
  const difference = asked.observed - expected;
  const completed = { ...asked, owner, item: line.goods.item, expected, difference };
  const unfounded = moreThanFound(asked, Math.max(0, difference));
  if (unfounded !== undefined) return unfounded;
  if (difference === 0) return namesNothing(line, asked.serials) ?? { key, completed, draws: [] };
  const { serials } = asked;
  if (difference < 0)
    return { key, completed, draws: [{ line, from: held, to: count, quantity: -difference, serials }] };
  const draws = found(view, taking, { line, from: count, to: held, quantity: difference, serials }, asked.from);
  return isRejected(draws) ? draws : { key, completed, draws };
}

function movedLater({ goods, state }: FoundLine, held: Place, time: string): Rejected | undefined {
  const { order, line } = goods;
  const { owner, custodian } = held;
  const key = keyAt(goods, held);
  return overtaken(
    time,
    { observed: state.moved.get(key) },
    {
      of: `${owner}'s units of line ${line} of order ${order} with ${custodian}`,
      facts: { order, line, owner, custodian, expected: state.accounts.get(key)?.quantity ?? 0 },
      instead: 'Count what is there now, and send that with its time.',
    },
  );
}

/** Units may be found where the books have none; then only the count can say whose they are. */
function ownerOf(line: FoundLine, custodian: string, owner: string | undefined): OrRejected<string> {
  if (owner !== undefined) return owner;
  const where = { custodian, stage: 'held' } as const;
  const source = sourceAt(line, where, undefined, () => ambiguousOwner(line.goods, where, []));
  return isRejected(source) ? source : source.owner;
}

const countedTwice = ({ order, line, owner }: CompletedLine, custodian: string): Rejected =>
  reject(
    'already-exists',
    `Line ${line} of order ${order} is counted twice for ${owner} in this event. Add up what was counted.`,
    { order, line, owner, custodian },
  );

const asExpected = (custodian: string): Rejected =>
  reject('nothing-to-do', `${custodian} holds what the books say it holds: there is nothing to adjust.`, { custodian });
