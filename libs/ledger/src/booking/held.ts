import { keyOf, microseconds } from '#contracts/scalars';
import { rangesOf } from '#contracts/serials';
import { accountKey, type Holding, isPartiesStage } from '../account.ts';
import type { EntityKey, LineHold } from '../entity.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import { UnitMap } from '../unitRanges.ts';
import type { View } from '../view.ts';
import type { Draw } from './draw.ts';

/** Who takes units, and when: what is held for others by then stays. */
export interface Judged {
  readonly now: Date;
  /** Its own hold does not stand in its way. */
  readonly own?: EntityKey;
  /** Whether it takes units from their owner only to bring them back for what it sends, or in draws that say so: these alone are judged. */
  readonly onlyOrigins?: true;
  /** Whether it only holds the units, so that those that need a serial number to move may get it until then. */
  readonly reserves?: true;
}

/** What of an owner's units of a line is held for others; undefined, as it mostly is, when nothing is. */
export function heldUnits(view: View, line: FoundLine, owner: string, { now, own }: Judged): HeldUnits | undefined {
  const { holds } = line.state;
  if (holds.length === 0) return undefined;
  const time = now.getTime() * 1000;
  const others = holds.filter((hold) => hold.owner === owner && hold.for !== own && time < microseconds(hold.until));
  return others.length === 0 ? undefined : new HeldUnits(view, line, owner, others);
}

/** Holds that mean the same units, together. */
interface Demand {
  readonly fits: (key: string, holding: Holding) => boolean;
  quantity: number;
}

/** An account with the units in it that no hold has been given yet, and how many each hold has been given. */
interface Room {
  readonly key: string;
  readonly holding: Holding;
  free: number;
  readonly given: Map<Demand, number>;
}

/**
 * Holds name units as legs do, and several may mean the same ones: so what is held stands on no account. An event may take
 * whatever leaves as many held units to be found as before, wherever the holds find them.
 */
class HeldUnits {
  readonly holds: readonly LineHold[];
  readonly #demands: readonly Demand[];
  readonly #there: readonly (readonly [key: string, holding: Holding])[];
  readonly #named = new UnitMap<true>();
  readonly #item: string;

  constructor(view: View, line: FoundLine, owner: string, holds: readonly LineHold[]) {
    this.holds = holds;
    this.#item = line.goods.item;
    this.#there = holdingsAt(line.state, { owner })
      .filter(({ stage }) => isPartiesStage(stage))
      .map((holding) => [accountKey(holding), holding]);
    this.#demands = this.#demandsOf(view, line);
  }

  /** How many of the held units there are, when so many units of each account (by its key) are gone. */
  found(gone: ReadonlyMap<string, number> = new Map()): number {
    const rooms = this.#there.map(
      ([key, holding]): Room => ({ key, holding, free: holding.quantity - (gone.get(key) ?? 0), given: new Map() }),
    );
    let found = 0;
    for (const demand of this.#demands) {
      for (let open = demand.quantity, more = 1; open > 0 && more > 0; open -= more) {
        more = give(demand, open, rooms, new Set());
        found += more;
      }
    }
    return found;
  }

  /** How many units of these accounts may be taken, when so many are gone. */
  spare(keys: readonly string[], gone: ReadonlyMap<string, number> = new Map()): number {
    const emptied = new Map(gone);
    let left = 0;
    for (const [key, { quantity }] of this.#there) {
      if (!keys.includes(key)) continue;
      left += quantity - (gone.get(key) ?? 0);
      emptied.set(key, quantity);
    }
    return left - (this.found(gone) - this.found(emptied));
  }

  /** Whether one of these draws names a unit that a hold names. */
  names(draws: readonly Draw[]): boolean {
    return draws.some(({ serials }) =>
      (serials === undefined ? [] : rangesOf(serials)).some((range) =>
        this.#named.pieces({ item: this.#item, ...range }).some(({ value }) => value === true),
      ),
    );
  }

  #demandsOf(view: View, { tracking }: FoundLine): Demand[] {
    const demands = new Map<string, Demand>();
    const add = (hold: LineHold, quantity: number, account?: string): void => {
      const { stage, custodian, shipment } = hold;
      const key = keyOf(account ?? '', stage ?? '', custodian ?? '', shipment ?? '');
      const same = demands.get(key);
      if (same === undefined)
        demands.set(key, { fits: (at, there) => fits(hold, there) && (account ?? at) === at, quantity });
      else same.quantity += quantity;
    };
    for (const hold of this.holds) {
      if (hold.serials === undefined || tracking === 'quantity') add(hold, hold.quantity);
      else {
        const ranges = rangesOf(hold.serials);
        for (const range of ranges) this.#named.put({ item: this.#item, ...range }, true);
        for (const { account, from, to } of view.unitsOf(this.#item, ranges)) add(hold, to - from + 1, account);
      }
    }
    return [...demands.values()];
  }
}

/** As legs do: a hold that names no stage means no damaged units. */
const fits = ({ stage, custodian, shipment }: LineHold, there: Holding): boolean =>
  (stage === undefined ? there.stage !== 'damaged' : there.stage === stage) &&
  (custodian === undefined || there.custodian === custodian) &&
  (shipment === undefined || there.shipment === shipment);

/** Gives a demand up to so many units, where others make way when they find theirs elsewhere; how many it got. */
function give(demand: Demand, quantity: number, rooms: readonly Room[], asked: Set<Room>): number {
  let got = 0;
  const take = (room: Room, units: number): void => {
    room.given.set(demand, (room.given.get(demand) ?? 0) + units);
    got += units;
  };
  for (const room of rooms) {
    if (got === quantity) return got;
    if (asked.has(room) || !demand.fits(room.key, room.holding)) continue;
    asked.add(room);
    const free = Math.min(room.free, quantity - got);
    if (free > 0) {
      room.free -= free;
      take(room, free);
    }
    for (const [other, units] of room.given) {
      if (other === demand || units === 0 || got === quantity) continue;
      const moved = give(other, Math.min(units, quantity - got), rooms, asked);
      room.given.set(other, units - moved);
      if (moved > 0) take(room, moved);
    }
  }
  return got;
}
