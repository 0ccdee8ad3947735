import { accountKey, type Holding, parseAccountKey } from '../account.ts';
import type { Or, Rejected } from '../decision.ts';
import type { View } from '../view.ts';
import type { Draw } from './draw.ts';
import { movedOn } from './movedOn.ts';
import { serialElsewhere } from './serialRejections.ts';
import { drawFrom, nothingTaken, type TakenByAccount, type Want } from './want.ts';

/**
 * Takes named units from where they are. Units that nobody named so far are taken, in the order of the accounts, where
 * there are unnamed ones. Rejects with `wrong-stage` when a unit has moved on, else with `serial-elsewhere`.
 */
export function takeNamed(
  view: View,
  want: Want,
  there: readonly Holding[],
  serials: readonly string[],
  taken: TakenByAccount,
): Or<Draw[]> {
  const sources = new Map(there.map((holding) => [accountKey(holding), sourceIn(holding)]));
  const unnamed: string[] = [];
  let wrong: Rejected | undefined;
  for (const serial of serials) {
    const key = view.unit(want.line.item, serial);
    const source = key === undefined ? undefined : sources.get(key);
    if (key === undefined) unnamed.push(serial);
    else if (source === undefined) wrong ??= notAmongThem(want, serial, key);
    else source.named.push(serial);
  }
  let next = 0;
  for (const [key, { holding, fresh }] of sources) {
    const free = holding.quantity - view.named(key) - (taken.get(key) ?? nothingTaken).newlyNamed;
    fresh.push(...unnamed.slice(next, next + Math.max(free, 0)));
    next += fresh.length;
  }
  if (wrong !== undefined) return wrong;
  const left = unnamed[next];
  if (left !== undefined) return serialElsewhere(want.line, left, undefined);

  const draws: Draw[] = [];
  for (const [key, { holding, named, fresh }] of sources) {
    const picked = [...named, ...fresh];
    if (picked.length === 0) continue;
    const { quantity, newlyNamed } = taken.get(key) ?? nothingTaken;
    taken.set(key, { quantity: quantity + picked.length, newlyNamed: newlyNamed + fresh.length });
    // All in one place: the serial numbers stay as they were given, ranges as ranges.
    draws.push(drawFrom(want, holding, picked.length, picked.length === serials.length ? want.serials : picked));
  }
  return draws;
}

/** A holding, which of the units wanted are named there already, and which get their name by being taken from there. */
interface Source {
  readonly holding: Holding;
  readonly named: string[];
  readonly fresh: string[];
}
const sourceIn = (holding: Holding): Source => ({ holding, named: [], fresh: [] });

/** A unit that is on this line with the same owner has moved on; any other is elsewhere. */
function notAmongThem(want: Want, serial: string, key: string): Rejected {
  const { order, line, owner } = parseAccountKey(key);
  return order === want.line.order && line === want.line.line && owner === want.owner
    ? movedOn(want, serial)
    : serialElsewhere(want.line, serial, key);
}
