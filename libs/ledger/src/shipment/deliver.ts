import type { Submitted } from '#contracts/catalog';
import { lengthOf, rangesOf, type SerialRange } from '#contracts/serials';
import { accountKey } from '../account.ts';
import { split } from '../booking/divide.ts';
import type { Draw } from '../booking/draw.ts';
import { heldUnits } from '../booking/held.ts';
import { bringBack, originDraw } from '../booking/origins.ts';
import { isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import { type Stock, stockKey } from '../entity.ts';
import { findLine, type FoundLine, holdingsAt } from '../order/line.ts';
import { heldFor, insufficient } from '../rejections.ts';
import { accountsOf } from '../units/evolveStock.ts';
import type { View } from '../view.ts';

type Line = Submitted<'lading.shipment.dispatched.v1'>['lines'][number];
type Named = Exclude<NonNullable<Line['from']>, 'new'>[number];

/** A line of a dispatch, and what it draws. */
interface Delivery {
  readonly asked: Line;
  readonly draw: Draw;
}

/** An account that delivered units may come out of. */
interface Source {
  readonly line: FoundLine;
  readonly key: string;
  readonly quantity: number;
  /** Of a stock, what is held in it. */
  readonly held?: ReturnType<typeof heldUnits>;
}

const sum = (draws: readonly Draw[]): number => draws.reduce((units, { quantity }) => units + quantity, 0);

/**
 * Where dispatched units come from: those that their supplier itself owns and holds first, oldest first, and what is left over is
 * new. So ten boards that are sold on are ten boards. A line may say which they are: by serial number, by the order line that they
 * were of (`from`), or that they are new. Lines that say so are served before those that do not. Units that are held stay, and no new
 * ones are made in their place.
 */
export function deliver(view: View, deliveries: readonly Delivery[], now: Date): OrRejected<Draw[]> {
  const delivering = new Delivering(view, now);
  // A line that sends more than was ordered draws twice, and what it delivers is said of the whole line.
  const whole = new Map<Line, Draw>();
  for (const { asked, draw } of deliveries) {
    whole.set(asked, whole.has(asked) ? { ...draw, quantity: asked.quantity, serials: asked.serials } : draw);
  }
  const inTurn = [...whole].sort(([a], [b]) => Number(saysWhich(b)) - Number(saysWhich(a)));
  for (const [asked, draw] of inTurn) {
    const delivered = delivering.deliver({ asked, draw });
    if (isRejected(delivered)) return delivered;
    whole.set(asked, delivered);
  }
  return deliveries.map(({ asked, draw }) => ({ ...draw, origins: whole.get(asked)?.origins ?? [] }));
}

const saysWhich = (asked: Line): boolean => asked.from !== undefined || asked.serials !== undefined;

class Delivering {
  readonly #view: View;
  readonly #now: Date;
  readonly #taken = new Map<string, number>();
  readonly #named = new Map<string, number>();

  constructor(view: View, now: Date) {
    this.#view = view;
    this.#now = now;
  }

  deliver({ asked, draw }: Delivery): OrRejected<Draw> {
    const { line } = draw;
    const by = line.order.supplier;
    const brought = bringBack(this.#view, draw, by, asked.from !== 'new');
    if (isRejected(brought)) return brought;
    for (const { line: of, from, quantity } of brought.origins ?? []) {
      this.#take(accountKey({ ...of.goods, ...from, shipment: null }), quantity);
    }
    if (asked.from === 'new') return { ...brought, origins: brought.origins ?? [] };
    const isNamed = asked.serials !== undefined && line.tracking === 'serial';
    const origins =
      asked.from === undefined
        ? this.#fromStock(line, by, isNamed ? this.#nowhere(brought) : draw.quantity)
        : this.#fromNamed(line, asked, by, isNamed ? this.#nowhere(brought) : draw.quantity);
    return isRejected(origins) ? origins : { ...brought, origins: [...(brought.origins ?? []), ...origins] };
  }

  #fromStock({ goods }: FoundLine, by: string, wanted: Wanted): OrRejected<Draw[]> {
    const stock = this.#view.entity(stockKey(by, goods.item)) as Stock | undefined;
    const sources: Source[] = [];
    let open = sizeOf(wanted);
    let missing: Rejected | undefined;
    for (const { order, line: id, quantity } of accountsOf(stock)) {
      if (open <= 0) break;
      const line = findLine(this.#view, { order, line: id });
      if (isRejected(line)) {
        missing ??= line;
        open -= quantity;
        continue;
      }
      const key = accountKey({ ...line.goods, owner: by, custodian: by, stage: 'held', shipment: null });
      const source = { line, key, quantity, held: this.#heldOf(line, by) };
      sources.push(source);
      open -= this.#free(source, wanted);
    }
    if (missing !== undefined) return missing;
    const draws = this.#takeFrom(sources, by, wanted);
    return this.#whyKept(sources, by, sizeOf(wanted), draws) ?? draws;
  }

  readonly #heldOf = (line: FoundLine, by: string) => heldUnits(this.#view, line, by, { now: this.#now });

  /** Why not all come from there: some are held. */
  #whyKept(sources: readonly Source[], by: string, asked: number, draws: readonly Draw[]): Rejected | undefined {
    const got = sum(draws);
    const kept = sources.find((source) => source.held !== undefined && this.#left(source, asked) > 0);
    if (got >= asked || kept?.held === undefined) return undefined;
    return heldFor(kept.line.goods, by, asked, got, kept.held.holds);
  }

  #fromNamed(line: FoundLine, { order, line: id, quantity, from }: Line, by: string, wanted: Wanted) {
    const named = from as readonly Named[];
    const says = named.reduce((sum, one) => sum + (one.quantity ?? 0), 0);
    if (says > quantity) return moreThanTheLine(order, id, quantity, says);
    const draws: Draw[] = [];
    let left = wanted;
    for (const one of named) {
      const found = findLine(this.#view, one);
      if (isRejected(found)) return found;
      const { stage = 'held' } = one;
      const where = stage === 'held' ? { owner: by, custodian: by, stage } : { stage };
      const held = stage === 'held' ? this.#heldOf(found, by) : undefined;
      const there = found.goods.item === line.goods.item ? sourcesAt(found, where) : [];
      const sources = there.map((source) => ({ ...source, held }));
      const most = Math.min(one.quantity ?? sizeOf(left), sizeOf(left));
      const taken = this.#takeFrom(sources, by, typeof left === 'number' ? most : split(left, most)[0]);
      const got = sum(taken);
      if (typeof left === 'number' && (got === 0 || got < (one.quantity ?? 0))) {
        const asked = one.quantity ?? Math.max(1, most);
        return this.#whyKept(sources, by, asked, taken) ?? insufficient(found.goods, where, asked, got);
      }
      left = typeof left === 'number' ? left - got : split(left, got)[1];
      draws.push(...taken);
    }
    return draws;
  }

  /** Takes from one source after the other, as far as they go; units that have no number yet get the ones that are named. */
  #takeFrom(sources: readonly Source[], by: string, wanted: Wanted): Draw[] {
    const draws: Draw[] = [];
    let left = wanted;
    for (const source of sources) {
      const { line, key } = source;
      if (typeof left === 'number') {
        const part = Math.min(left, this.#free(source, left));
        left -= part;
        if (part > 0) draws.push(originDraw(by, { line, key, quantity: part }));
        this.#take(key, part);
        continue;
      }
      const [ranges, others] = split(left, this.#free(source, left));
      left = others;
      if (ranges.length === 0) continue;
      const part = sizeOf(ranges);
      draws.push(originDraw(by, { line, key, quantity: part, ranges }));
      this.#take(key, part);
      this.#named.set(key, part + (this.#named.get(key) ?? 0));
    }
    return draws;
  }

  /** The named units that the ledger does not know yet. */
  #nowhere({ line: { goods }, serials = [] }: Draw): readonly SerialRange[] {
    return rangesOf(serials).flatMap((range) =>
      this.#view
        .units({ item: goods.item, ...range })
        .flatMap(({ account, item: _, ...piece }) => (account === undefined ? [piece] : [])),
    );
  }

  /** What of it may be taken: all that the lines so far leave, but for what is held. */
  #free(source: Source, wanted: Wanted): number {
    const { key, held } = source;
    const left = this.#left(source, wanted);
    return held === undefined || left === 0 ? left : Math.max(0, Math.min(left, held.spare([key], this.#taken)));
  }

  /** What the lines so far leave of an account; of that, what may get a serial number. */
  #left({ key, quantity: balance }: Source, wanted: Wanted): number {
    const left = balance - (this.#taken.get(key) ?? 0);
    if (typeof wanted === 'number') return Math.max(0, left);
    return Math.max(0, Math.min(left, balance - this.#view.named(key) - (this.#named.get(key) ?? 0)));
  }

  #take(key: string, quantity: number): void {
    this.#taken.set(key, quantity + (this.#taken.get(key) ?? 0));
  }
}

/** So many units, whichever; or those that get these serial numbers. */
type Wanted = number | readonly SerialRange[];
const sizeOf = (wanted: Wanted): number =>
  typeof wanted === 'number' ? wanted : wanted.reduce((sum, range) => sum + lengthOf(range), 0);

/** In the order of their owners and custodians. */
function sourcesAt(line: FoundLine, where: Parameters<typeof holdingsAt>[1]): Source[] {
  return holdingsAt(line.state, where)
    .filter(({ quantity }) => quantity > 0)
    .sort((a, b) => (a.owner === b.owner ? (a.custodian < b.custodian ? -1 : 1) : a.owner < b.owner ? -1 : 1))
    .map((holding) => ({ line, key: accountKey(holding), quantity: holding.quantity }));
}

const moreThanTheLine = (order: string, line: string, asked: number, named: number): Rejected =>
  reject(
    'insufficient-quantity',
    `Line ${line} of order ${order} dispatches ${asked} units, and its \`from\` names ${named}. Name no more than are dispatched.`,
    { order, line, asked: named, available: asked },
  );
