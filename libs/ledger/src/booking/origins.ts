import { rangesOf, type SerialRange, serialsOf } from '#contracts/serials';
import { accountKey, isOwnStock, isPartiesStage, parseAccountKey, placeOf } from '../account.ts';
import { isRejected, type OrRejected } from '../decision.ts';
import { findLine, type FoundLine } from '../order/line.ts';
import { rangeIn, type View } from '../view.ts';
import type { Draw } from './draw.ts';

/** The account that units leave when they come back, and how many. */
export interface Origin {
  readonly line: FoundLine;
  readonly key: string;
  readonly quantity: number;
  readonly ranges?: readonly SerialRange[];
}

/**
 * A move on the units' old order line, to the supply of whoever brings them: from there they are delivered like new ones. So units
 * that come back are never counted twice, each move stays in the accounts of one order line, and a history keeps both.
 */
export const originDraw = (by: string, { line, key, quantity, ranges }: Origin): Draw => ({
  line,
  quantity,
  serials: ranges && serialsOf(ranges),
  from: placeOf(parseAccountKey(key)),
  to: { owner: by, custodian: by, stage: 'supply' },
  isOrigin: true,
});

/**
 * Lets a draw bring units back by their serial numbers, from wherever outside the parties' hands they are; and, if it `mayTakeStock`,
 * from what the bringer itself owns and holds. Units that are in supply come from there anyway.
 */
export function bringBack(view: View, draw: Draw, by: string, mayTakeStock: boolean): OrRejected<Draw> {
  const { line, serials, from } = draw;
  if (serials === undefined || line.tracking === 'quantity') return draw;
  const own = accountKey({ ...line.goods, ...from, shipment: from.shipment ?? null });
  const found = new Map<string, SerialRange[]>();
  for (const units of view.unitsOf(line.goods.item, rangesOf(serials))) {
    const { account } = units;
    if (account === undefined || account === own) continue;
    const others = found.get(account);
    if (others === undefined) found.set(account, [rangeIn(units)]);
    else others.push(rangeIn(units));
  }
  const origins = originsAt(
    view,
    [...found].flatMap(([key, ranges]) => {
      const there = placeOf(parseAccountKey(key));
      const isOurs = there.owner === by && there.custodian === by;
      const comesBack = isPartiesStage(there.stage)
        ? mayTakeStock && isOurs && isOwnStock(there)
        : there.stage !== 'supply' || !isOurs;
      return comesBack ? [{ key, ranges }] : [];
    }),
  );
  return isRejected(origins) ? origins : { ...draw, origins: origins.map((origin) => originDraw(by, origin)) };
}

/** Finds the order lines of all of them before it answers, so that they are loaded at once. */
function originsAt(
  view: View,
  named: readonly { readonly key: string; readonly ranges: readonly SerialRange[] }[],
): OrRejected<Origin[]> {
  const found = named.map(({ key, ranges }) => ({ key, ranges, line: findLine(view, parseAccountKey(key)) }));
  const origins: Origin[] = [];
  for (const { key, ranges, line } of found) {
    if (isRejected(line)) return line;
    origins.push({ key, ranges, line, quantity: ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0) });
  }
  return origins;
}

/** The same for several draws. */
export function allBroughtBack(
  view: View,
  draws: readonly Draw[],
  by: (draw: Draw) => string,
  mayTakeStock: boolean,
): OrRejected<Draw[]> {
  const brought: Draw[] = [];
  let refused: Exclude<OrRejected<Draw>, Draw> | undefined;
  for (const draw of draws) {
    const back = bringBack(view, draw, by(draw), mayTakeStock);
    if (isRejected(back)) refused ??= back;
    else brought.push(back);
  }
  return refused ?? brought;
}
