import type { Move, Place } from '#contracts/move';
import { keyAt, MAX_BALANCE, mayBeNegative } from '../account.ts';
import { isRejected, type Or, type Rejected, reject } from '../decision.ts';
import type { LineOf } from '../order/line.ts';
import type { View } from '../view.ts';
import { checkSerials } from './checkSerials.ts';
import type { Draw, Tally } from './draw.ts';
import { insufficient } from './owner.ts';
import { trackingOf, wrongTracking } from './tracking.ts';

/**
 * Books what all lines or legs of an event draw: summed per account and held against the balances before the event, so
 * that none spends what another brings. Answers one move a draw, in their order. Rejects with `insufficient-quantity`,
 * `wrong-tracking`, `serial-count` and `serial-elsewhere`.
 */
export function book(view: View, draws: readonly Draw[]): Or<Move[]> {
  const tallies = new Map<string, Tally>();
  let bySerial = false;
  for (const draw of draws) {
    const tracking = trackingOf(view, draw.line);
    if (isRejected(tracking)) return tracking;
    if (tracking === 'serial') bySerial = true;
    else if (draw.serials !== undefined) return wrongTracking(draw.line);

    const source = tallyOf(tallies, draw.line, draw.from);
    source.out += draw.quantity;
    source.draws.push(draw);
    tallyOf(tallies, draw.line, draw.to).into += draw.quantity;
  }
  for (const tally of tallies.values()) {
    const short = overdrawn(tally);
    if (short !== undefined) return short;
  }
  if (bySerial) {
    const wrong = checkSerials(view, tallies.values());
    if (wrong !== undefined) return wrong;
  }
  return draws.map(moveOf);
}

function tallyOf(tallies: Map<string, Tally>, line: LineOf, place: Place): Tally {
  const key = keyAt(line, place);
  let tally = tallies.get(key);
  if (tally === undefined) {
    tally = { key, line, place, balance: line.is.accounts.get(key)?.quantity ?? 0, out: 0, into: 0, draws: [] };
    tallies.set(key, tally);
  }
  return tally;
}

function overdrawn({ line, place, balance, out, into }: Tally): Rejected | undefined {
  if (!mayBeNegative(place.stage) && out > balance) return insufficient(line, place, out, balance);
  if (Math.abs(balance - out + into) <= MAX_BALANCE) return undefined;
  const { order } = line;
  return reject(
    'insufficient-quantity',
    `An account takes ${MAX_BALANCE} units at most, and line ${line.line} of order ${order} would have more (${place.stage}, ${place.owner}). Use another order.`,
    {
      order,
      line: line.line,
      ...place,
      asked: Math.max(out, into),
      available: MAX_BALANCE - Math.abs(balance),
      most: MAX_BALANCE,
    },
  );
}

const moveOf = ({ line: { item, order, line }, quantity, serials, from, to }: Draw): Move =>
  serials === undefined
    ? { item, order, line, quantity, from, to }
    : { item, order, line, quantity, serials, from, to };
