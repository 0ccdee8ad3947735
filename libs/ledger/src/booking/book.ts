import type { Move, Place } from '#contracts/move';
import { keyOf } from '#contracts/scalars';
import { keyAt, MAX_BALANCE, mayBeNegative } from '../account.ts';
import type { OrRejected, Rejected } from '../decision.ts';
import type { FoundLine } from '../order/line.ts';
import { heldFor, insufficient, overfull, wrongTracking } from '../rejections.ts';
import type { View } from '../view.ts';
import { checkSerials } from './checkSerials.ts';
import type { Draw, Tally } from './draw.ts';
import { heldUnits, type Judged } from './held.ts';

/**
 * Books what all lines or legs of an event draw: summed per account and held against the balances before the event, so
 * that none spends what another brings. Answers one move a draw, in their order, after the moves that bring units back for it.
 * `judged` says that it takes units from their owner that could stay: those that are held for others do. Rejects with
 * `wrong-tracking`, `insufficient-quantity`, `held-for`, `serial-count` and `serial-elsewhere`.
 */
export function book(view: View, lines: readonly Draw[], judged?: Judged): OrRejected<Move[]> {
  const draws = lines.some(({ origins }) => origins !== undefined)
    ? // Two draws of one line may share what comes back for them.
      [...new Set(lines.flatMap((draw) => [...(draw.origins ?? []), draw]))]
    : lines;
  const tallies = new Map<string, Tally>();
  let bySerial = false;
  for (const draw of draws) {
    const { tracking, goods } = draw.line;
    if (tracking === 'serial') bySerial = true;
    else if (draw.serials !== undefined) return wrongTracking(goods);

    const source = tallyOf(tallies, draw.line, draw.from);
    source.out += draw.quantity;
    source.draws.push(draw);
    tallyOf(tallies, draw.line, draw.to).into += draw.quantity;
  }
  for (const tally of tallies.values()) {
    const short = overdrawn(tally);
    if (short !== undefined) return short;
  }
  const held = judged && takenFromHolds(view, [...tallies.values()], judged);
  if (held !== undefined) return held;
  if (bySerial) {
    const wrong = checkSerials(view, tallies.values(), judged?.reserves);
    if (wrong !== undefined) return wrong;
  }
  return draws.map(moveOf);
}

function tallyOf(tallies: Map<string, Tally>, line: FoundLine, place: Place): Tally {
  const key = keyAt(line.goods, place);
  let tally = tallies.get(key);
  if (tally === undefined) {
    tally = { key, line, place, balance: line.state.accounts.get(key)?.quantity ?? 0, out: 0, into: 0, draws: [] };
    tallies.set(key, tally);
  }
  return tally;
}

function overdrawn({ line: { goods }, place, balance, out, into, draws }: Tally): Rejected | undefined {
  // Units that come back by their numbers are there; when two lines name one of them, that is what is wrong.
  const areNamed = draws.length > 0 && draws.every(({ isOrigin, serials }) => isOrigin && serials !== undefined);
  if (!mayBeNegative(place.stage) && !areNamed && out > balance) return insufficient(goods, place, out, balance);
  if (Math.abs(balance - out + into) <= MAX_BALANCE) return undefined;
  return overfull(goods, place, Math.max(out, into), MAX_BALANCE - Math.abs(balance));
}

/** Whether what leaves the accounts of an owner is held there for others. */
function takenFromHolds(view: View, tallies: readonly Tally[], judged: Judged): Rejected | undefined {
  const seen = new Set<string>();
  const choicesOf = ({ draws }: Tally): Draw[] =>
    draws.filter(({ isOrigin, takesAway }) => !judged.onlyOrigins || isOrigin === true || takesAway === true);
  const outOf = (tally: Tally): number =>
    judged.onlyOrigins ? choicesOf(tally).reduce((sum, { quantity }) => sum + quantity, 0) : tally.out;
  for (const tally of tallies) {
    if (outOf(tally) === 0) continue;
    const { line, place } = tally;
    const { goods } = line;
    const whose = keyOf(goods.order, goods.line, place.owner);
    if (seen.has(whose)) continue;
    seen.add(whose);
    const held = heldUnits(view, line, place.owner, judged);
    if (held === undefined) continue;
    const own = tallies.filter(
      (tally) => outOf(tally) > 0 && tally.line.state === line.state && tally.place.owner === place.owner,
    );
    const out = new Map(own.map((tally) => [tally.key, outOf(tally)]));
    if (held.found(out) === held.found() && !held.names(own.flatMap(choicesOf))) continue;
    const asked = own.reduce((sum, tally) => sum + outOf(tally), 0);
    return heldFor(goods, place.owner, asked, held.spare(own.map(({ key }) => key)), held.holds);
  }
  return undefined;
}

const moveOf = ({ line: { goods }, quantity, serials, from, to }: Draw): Move => {
  const { item, order, line } = goods;
  return serials === undefined
    ? { item, order, line, quantity, from, to }
    : { item, order, line, quantity, serials, from, to };
};
