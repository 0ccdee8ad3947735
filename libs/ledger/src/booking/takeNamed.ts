import { accountKey, type Holding, parseAccountKey } from '../account.ts';
import type { Or, Rejected } from '../decision.ts';
import type { View } from '../view.ts';
import type { Draw } from './draw.ts';
import { movedOn } from './movedOn.ts';
import { serialElsewhere } from './serialRejections.ts';
import { drawFrom, type Taken, type Want } from './want.ts';

/**
 * Takes named units from where they are. Units that nobody named so far are taken, in the order of the accounts, where
 * there are unnamed ones. Rejects with `wrong-stage` when a unit has moved on, else with `serial-elsewhere`.
 */
export function takeNamed(
  view: View,
  want: Want,
  there: readonly Holding[],
  serials: readonly string[],
  taken: Taken,
): Or<Draw[]> {
  const byAccount = new Map<string, string[]>(there.map((holding) => [accountKey(holding), []]));
  const unnamed: string[] = [];
  let wrong: Rejected | undefined;
  for (const serial of serials) {
    const key = view.unit(want.line.item, serial);
    if (key === undefined) unnamed.push(serial);
    else {
      const group = byAccount.get(key);
      if (group === undefined) wrong ??= notAmongThem(want, serial, key);
      else group.push(serial);
    }
  }
  const free = there.map((holding) => holding.quantity - view.named(accountKey(holding)));
  if (wrong !== undefined) return wrong;
  let next = 0;
  for (const [at, group] of [...byAccount.values()].entries()) {
    const end = Math.min(unnamed.length, next + (free[at] ?? 0));
    while (next < end) group.push(unnamed[next++] ?? '');
  }
  const left = unnamed[next];
  if (left !== undefined) return serialElsewhere(want.line, left, undefined);

  const draws: Draw[] = [];
  for (const holding of there) {
    const key = accountKey(holding);
    const group = byAccount.get(key) ?? [];
    if (group.length === 0) continue;
    taken.set(key, (taken.get(key) ?? 0) + group.length);
    // All in one place: the serial numbers stay as they were given, ranges as ranges.
    draws.push(drawFrom(want, holding, group.length, group.length === serials.length ? want.serials : group));
  }
  return draws;
}

/** A unit that is on this line with the same owner has moved on; any other is elsewhere. */
function notAmongThem(want: Want, serial: string, key: string): Rejected {
  const { order, line, owner } = parseAccountKey(key);
  return order === want.line.order && line === want.line.line && owner === want.owner
    ? movedOn(want, serial)
    : serialElsewhere(want.line, serial, key);
}
