import type { Submitted } from '#contracts/catalog';
import type { Place } from '#contracts/move';
import type { Stage } from '#contracts/scalars';
import { countSerials, lengthOf, rangesOf, serialAt, type SerialRange, serialsOf } from '#contracts/serials';
import { type Account, isPartiesStage, keyAt, parseAccountKey, placeOf } from '../account.ts';
import { split } from '../booking/divide.ts';
import type { Draw } from '../booking/draw.ts';
import { allBroughtBack, type Origin, originDraw } from '../booking/origins.ts';
import { type Source, sizeOf, sourcesAt, type Taking, unitsIn, type Wanted } from '../booking/taking.ts';
import type { Command } from '../command.ts';
import { isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import { findLine } from '../order/line.ts';
import { insufficient, type UnitsFilter } from '../rejections.ts';
import type { View } from '../view.ts';

type CountedLine = Submitted<'lading.count.adjusted.v1'>['lines'][number];
type Named = NonNullable<CountedLine['from']>[number];

/** What comes from one place, with the moves that bring it there first. */
interface Part {
  readonly from: Place;
  quantity: number;
  readonly ranges: SerialRange[];
  readonly origins: Draw[];
}

/**
 * Units that a count found: by their serial numbers, from wherever outside the parties' hands they are; else from where the count says; what
 * nothing is said of, out of the count's own differences. Straight from there when it is the same order line.
 */
export function found(view: View, taking: Taking, draw: Draw, named: readonly Named[] | undefined): OrRejected<Draw[]> {
  const { line, to, quantity, serials } = draw;
  const bySerial = serials !== undefined && line.tracking === 'serial' && countSerials(serials) === quantity;
  if (serials !== undefined && !bySerial) return [draw];
  const parts = new Parts(draw);
  const known = new Map<string, number>();
  const open: Wanted = bySerial ? knownUnits(view, taking, draw, { parts, known }) : quantity;
  const origins = named === undefined ? [] : takeNamed(taking, draw, named, { open, known });
  if (isRejected(origins)) return origins;
  for (const origin of origins) parts.add(parseAccountKey(origin.key), origin.quantity, origin.ranges, origin);
  parts.rest(open, unitsIn(origins));
  const draws = [...parts.of.values()].map(({ from, quantity: units, ranges, origins: before }): Draw => {
    const numbers = !bySerial ? undefined : parts.of.size === 1 ? serials : serialsOf(ranges);
    return { line, from, to, quantity: units, serials: numbers, origins: before };
  });
  const brought = allBroughtBack(view, draws, () => to.custodian, false);
  if (isRejected(brought)) return brought;
  return brought.map((one, at) => {
    const before = draws[at]?.origins ?? [];
    return { ...one, origins: one.origins === before ? before : [...(one.origins ?? []), ...before] };
  });
}

/** Units whose numbers the ledger knows come from where they are (`known`: how many of an account). Answers the others. */
function knownUnits(
  view: View,
  taking: Taking,
  { line, serials = [] }: Draw,
  { parts, known }: { readonly parts: Parts; readonly known: Map<string, number> },
): SerialRange[] {
  const others: SerialRange[] = [];
  for (const range of rangesOf(serials)) {
    for (const { account, item: _, ...piece } of view.units({ item: line.goods.item, ...range })) {
      if (account === undefined) {
        others.push(piece);
        continue;
      }
      parts.add(parseAccountKey(account), lengthOf(piece), [piece]);
      taking.take(account, lengthOf(piece));
      known.set(account, lengthOf(piece) + (known.get(account) ?? 0));
    }
  }
  return others;
}

/** The counted owner's units come first. */
function takeNamed(
  taking: Taking,
  { line, to }: Draw,
  named: readonly Named[],
  { open, known }: { readonly open: Wanted; readonly known: ReadonlyMap<string, number> },
): OrRejected<Origin[]> {
  const whereOf = ({ owner, custodian, stage }: Named): UnitsFilter => ({ owner, custodian, stage });
  const isTheirs = (source: Source): number => Number(parseAccountKey(source.key).owner === to.owner);
  return taking.fromNamed(named, open, {
    known,
    sourcesOf: (one, there) =>
      there.goods.item === line.goods.item
        ? sourcesAt(there, whereOf(one)).sort((a, b) => isTheirs(b) - isTheirs(a))
        : [],
    whyShort: (one, there, _, asked, got) => insufficient(there.goods, whereOf(one), asked, got),
  });
}

/** What was found of a line, by where it comes from, in the order in which it was met. */
class Parts {
  readonly of = new Map<string, Part>();
  readonly #draw: Draw;

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  /** Units that are there by the books; undefined: nowhere. What is in supply or cancelled was never made: a difference of the count. */
  add(there: Account | undefined, quantity: number, ranges: readonly SerialRange[] = [], origin?: Origin): void {
    const { line, from, to } = this.#draw;
    const isMade = there !== undefined && isOutsideAndMade(there.stage);
    const isHere = isMade && there.order === line.goods.order && there.line === line.goods.line;
    const supply: Place = { owner: to.custodian, custodian: to.custodian, stage: 'supply' };
    const place = isHere ? placeOf(there) : isMade ? supply : from;
    const key = keyAt(line.goods, place);
    const part = this.of.get(key) ?? { from: place, quantity: 0, ranges: [], origins: [] };
    part.quantity += quantity;
    part.ranges.push(...ranges);
    if (origin !== undefined && !isHere) part.origins.push(originDraw(to.custodian, origin));
    this.of.set(key, part);
  }

  /** What nothing is said of, after the units that were taken from where the count says. */
  rest(open: Wanted, taken: number): void {
    const left = sizeOf(open) - taken;
    if (left > 0) this.add(undefined, left, typeof open === 'number' ? [] : split(open, taken)[1]);
  }
}

const isOutsideAndMade = (stage: Stage): boolean =>
  stage !== 'supply' && stage !== 'cancelled' && !isPartiesStage(stage);

/**
 * The first thing that a count takes from another owner than the one it counts for, when that is not `party`: what is found stays whose it
 * was, and who has it cannot make it their own. Asks for all that it looks at.
 */
export function foundOfOthers(
  party: string,
  data: Command['data'],
  view: View,
): readonly [kind: 'unit' | 'line', id: string] | undefined {
  let first: readonly ['unit' | 'line', string] | undefined;
  const lines: readonly object[] = 'lines' in data ? data.lines : [];
  for (const { order, line, owner, serials = [], from = [] } of lines.filter(isCounted)) {
    const isOthers = (there: Account): boolean =>
      isOutsideAndMade(there.stage) && there.owner !== owner && there.owner !== party;
    const counted = findLine(view, { order, line });
    const numbered = isRejected(counted)
      ? []
      : rangesOf(serials).flatMap((range) => view.units({ ...range, item: counted.goods.item }));
    for (const { account, prefix, digits, from: number } of numbered) {
      const isTaken = account !== undefined && isOthers(parseAccountKey(account));
      if (isTaken) first ??= ['unit', serialAt({ prefix, digits }, number)];
    }
    for (const { order: of, line: id, stage, owner: whose, custodian } of from) {
      const there = findLine(view, { order: of, line: id });
      if (isRejected(there)) continue;
      const isTaken = sourcesAt(there, { stage, owner: whose, custodian }).some(({ key }) =>
        isOthers(parseAccountKey(key)),
      );
      if (isTaken) first ??= ['line', `${id} of order ${of}`];
    }
  }
  return first;
}

const isCounted = (line: object): line is CountedLine => 'observed' in line;

/** Where more units come back from than were found. */
export function moreThanFound({ order, line, from }: CountedLine, available: number): Rejected | undefined {
  if (from === undefined) return undefined;
  const asked = Math.max(
    1,
    from.reduce((sum, one) => sum + (one.quantity ?? 0), 0),
  );
  if (asked <= available) return undefined;
  return reject(
    'insufficient-quantity',
    `This count finds ${available} units of line ${line} of order ${order} more than the books have there, and its \`from\` says where ${asked} come from. Name no more than were found.`,
    { order, line, asked, available },
  );
}
