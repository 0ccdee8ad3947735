import {
  countDistinct,
  countSerials,
  distinctOf,
  lengthOf,
  rangesOf,
  serialAt,
  type SerialRange,
  type Serials,
} from '#contracts/serials';
import { keyAt, mayBeNegative, parseAccountKey } from '../account.ts';
import { type Rejected, reject } from '../decision.ts';
import type { FoundLine } from '../order/line.ts';
import { serialCount, serialElsewhere, wrongTracking } from '../rejections.ts';
import { UnitMap } from '../unitRanges.ts';
import type { FoundUnits, View } from '../view.ts';
import { total } from './divide.ts';
import type { Draw, Tally } from './draw.ts';

/** Where no unit moves, none is named: rejects with `serial-count`, or `wrong-tracking` where there are no names at all. */
export function namesNothing({ goods, tracking }: FoundLine, serials: Serials | undefined): Rejected | undefined {
  if (serials === undefined) return undefined;
  return tracking === 'serial' ? serialCount(goods, 0, countSerials(serials)) : wrongTracking(goods);
}

/**
 * Serial numbers of everything that an event draws. Out of an account with q units, n of them named so far, a draw of k
 *
 * - names k units, each on the account already, or nowhere in the ledger (or brought back by the same event) while the account
 *   has unnamed units (so units get their names on any move: when ordered, dispatched or received); or
 * - names none, and takes all that the named draws leave; or the units are not made yet: they come from supply as
 *   ordered, or are ordered without any name so far and stay ordered or become cancelled.
 *
 * Rejects with `serial-count` and `serial-elsewhere`; a unit is named once in an event. With `namedLater`, what names no unit may
 * still get its names before it moves.
 */
export function checkSerials(view: View, tallies: Iterable<Tally>, namedLater = false): Rejected | undefined {
  const named = [...tallies].filter(({ draws, line }) => draws.length > 0 && line.tracking === 'serial');
  const seen = mayRepeat(named) ? new UnitMap<true>() : undefined;
  for (const tally of named) {
    const wrong = checkNamed(view, tally, seen) ?? (namedLater ? undefined : checkUnnamed(view, tally));
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Whether two draws name the same unit. It is told by adding up, in which thousands of units cost less than in a map of them. */
function mayRepeat(tallies: readonly Tally[]): boolean {
  const lists = new Map<string, (readonly SerialRange[])[]>();
  for (const { line, draws } of tallies) {
    const ofItem = lists.get(line.goods.item) ?? [];
    for (const { serials, isOrigin } of draws) {
      if (serials !== undefined && isOrigin !== true) ofItem.push(distinctOf(rangesOf(serials)));
    }
    lists.set(line.goods.item, ofItem);
  }
  return [...lists.values()].some((ofItem) => {
    if (ofItem.length < 2) return false;
    const all = ofItem.flat();
    return countDistinct(all) < total(all);
  });
}

function checkNamed(
  view: View,
  { key, line, place, balance, draws }: Tally,
  seen: UnitMap<true> | undefined,
): Rejected | undefined {
  const { item } = line.goods;
  let unnamed = mayBeNegative(place.stage) ? Infinity : Math.max(0, balance - view.named(key));
  let first: Rejected | undefined;
  for (const { serials, quantity, origins, isOrigin } of draws) {
    if (serials === undefined) continue;
    const ranges = rangesOf(serials);
    const each = distinctOf(ranges);
    const distinct = total(each);
    if (countSerials(serials) !== quantity || distinct !== quantity) {
      first ??= serialCount(line.goods, quantity, distinct);
    }
    const isBack = backBy(origins);
    const check = (piece: FoundUnits, again: true | undefined): void => {
      const { account } = piece;
      const isFree = again === undefined && (account === undefined || (account !== key && isBack(account)));
      const good = isFree ? Math.min(unnamed, lengthOf(piece)) : account === key && !again ? lengthOf(piece) : 0;
      if (good < lengthOf(piece)) first ??= serialElsewhere(line.goods, serialAt(piece, piece.from + good), account);
      if (isFree) unnamed -= good;
    };
    // Every unit is asked for before the first that is wrong is answered, so that they are loaded at once. Ranges that are distinct as
    // they were given are asked for as others asked for them.
    for (const found of view.unitsOf(item, each.length === ranges.length ? ranges : each)) {
      if (isOrigin || seen === undefined) check(found, undefined);
      else {
        for (const { value: again, from, to } of seen.pieces(found)) check({ ...found, from, to }, again);
        seen.put(found, true);
      }
    }
  }
  return first;
}

/** Whether units of an account are brought back by the event; what is in supply comes from there anyway. */
function backBy(origins: readonly Draw[] | undefined): (account: string) => boolean {
  if (origins === undefined) return () => false;
  const brought = new Set(origins.map(({ line, from }) => keyAt(line.goods, from)));
  /** What was found out: thousands of units are on few accounts. */
  const known = new Map<string, boolean>();
  return (account) => {
    const before = known.get(account);
    if (before !== undefined) return before;
    const isBack = brought.has(account) || parseAccountKey(account).stage === 'supply';
    known.set(account, isBack);
    return isBack;
  };
}

function checkUnnamed(view: View, { key, line, place, balance, draws }: Tally): Rejected | undefined {
  const unnamed = draws.filter(
    ({ serials, from, to }) => serials === undefined && !isUnmadeSupply(from.stage, to.stage),
  );
  if (unnamed.length === 0) return undefined;
  const asked = quantityOf(unnamed);
  const left = balance - quantityOf(draws.filter((draw) => !unnamed.includes(draw)));
  if (asked === left && goOneWay(unnamed)) return undefined;

  const named = view.named(key);
  if (place.stage === 'ordered' && named === 0 && unnamed.every(({ to }) => isUnmade(to.stage))) return undefined;
  const { order, line: id, item } = line.goods;
  const facts = { order, line: id, item, ...place, asked, named: 0 };
  // Supply and counts have no number of units that these could be part of.
  if (balance < asked) {
    return reject(
      'serial-count',
      `${item} is tracked by serial number, and ${asked} units of line ${id} of order ${order} appear. Name their serial numbers.`,
      facts,
    );
  }
  return reject(
    'serial-count',
    `${item} is tracked by serial number, and ${asked} of ${balance} units of line ${id} of order ${order} move. Name their serial numbers.`,
    { ...facts, available: balance },
  );
}

/** Units that come from supply as ordered: nobody can name what is not made yet. */
const isUnmadeSupply = (from: string, to: string): boolean => from === 'supply' && to === 'ordered';
const isUnmade = (to: string): boolean => to === 'ordered' || to === 'cancelled';

const quantityOf = (draws: readonly Draw[]): number => draws.reduce((sum, { quantity }) => sum + quantity, 0);

/** Whether all go to one account: else it would be open which unit went where. */
const goOneWay = ([first, ...rest]: readonly Draw[]): boolean =>
  rest.every(
    ({ to }) =>
      to.owner === first?.to.owner &&
      to.custodian === first.to.custodian &&
      to.stage === first.to.stage &&
      to.shipment === first.to.shipment,
  );
