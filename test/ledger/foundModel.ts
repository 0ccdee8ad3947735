import type { Data, Spot } from './heldModel.ts';

/** Where a count says that what it found came back from. */
export type CameFrom = NonNullable<Data<'lading.count.adjusted.v1'>['lines'][number]['from']>;

type Here = Spot & { order: string; line: string; item: string; quantity: number; place: string };

/** Whether it says more than was found. */
export const saysMoreThan = (from: CameFrom, found: number): boolean =>
  from.length > 0 &&
  Math.max(
    1,
    from.reduce((sum, { quantity = 0 }) => sum + quantity, 0),
  ) > Math.max(0, found);

/** How many units, each known by its number to be at one of `known`, are at these places; none of them is there twice. */
export function knownThere(meant: readonly { place: string }[], known: string[], most: number): number {
  let there = 0;
  while (there < most) {
    const at = known.findIndex((place) => meant.some((here) => here.place === place));
    if (at < 0) break;
    known.splice(at, 1);
    there++;
  }
  return there;
}

/**
 * One place for each unit, as far as what the count says goes; nothing when a place has none, or fewer than it says, those
 * that are known to be there counted. Which of them have the numbers that were read, nobody can say.
 */
export function foundIn(
  from: CameFrom,
  { wanted, numbered, owner, known }: { wanted: number; numbered: boolean; owner: string; known: string[] },
  of: (one: CameFrom[number]) => { places: Here[]; take: (here: Here) => boolean },
): Here[] | undefined {
  const found: Here[] = [];
  for (const one of from) {
    const { places, take } = of(one);
    const meant = places.filter(
      (here) =>
        here.stage === one.stage &&
        here.quantity > 0 &&
        (one.owner ?? here.owner) === here.owner &&
        (one.custodian ?? here.custodian) === here.custodian,
    );
    const turn = (here: Here) => `${here.owner === owner ? 0 : 1} ${here.owner} ${here.custodian}`;
    meant.sort((a, b) => (turn(a) < turn(b) ? -1 : 1));
    const there = knownThere(meant, known, one.quantity ?? 0);
    const most = Math.min((one.quantity ?? wanted) - there, wanted - found.length);
    let got = 0;
    for (let here: Here | undefined; got < most; got++) {
      here = meant.find(take);
      if (here === undefined) break;
      found.push(here);
    }
    if (there + got < (one.quantity ?? 0) || (!numbered && got === 0)) return undefined;
  }
  return found;
}
