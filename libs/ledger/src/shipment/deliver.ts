import type { Submitted } from '#contracts/catalog';
import { accountKey } from '../account.ts';
import type { Draw } from '../booking/draw.ts';
import { heldUnits } from '../booking/held.ts';
import { bringBack, type Origin, originDraw } from '../booking/origins.ts';
import { type Source, sizeOf, sourcesAt, Taking, unitsIn, type Wanted } from '../booking/taking.ts';
import { isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import { type Stock, stockKey } from '../entity.ts';
import { findLine, type FoundLine } from '../order/line.ts';
import { heldFor, insufficient, type UnitsFilter } from '../rejections.ts';
import { accountsOf } from '../units/evolveStock.ts';
import type { View } from '../view.ts';

type Line = Submitted<'lading.shipment.dispatched.v1'>['lines'][number];
type Named = Exclude<NonNullable<Line['from']>, 'new'>[number];

/** A line of a dispatch, and what it draws. */
interface Delivery {
  readonly asked: Line;
  readonly draw: Draw;
}

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
  readonly #taking: Taking;

  constructor(view: View, now: Date) {
    this.#view = view;
    this.#now = now;
    this.#taking = new Taking(view);
  }

  deliver({ asked, draw }: Delivery): OrRejected<Draw> {
    const { line } = draw;
    const by = line.order.supplier;
    const brought = bringBack(this.#view, draw, by, asked.from !== 'new');
    if (isRejected(brought)) return brought;
    const known = new Map<string, number>();
    for (const { line: of, from, quantity } of brought.origins ?? []) {
      const key = accountKey({ ...of.goods, ...from, shipment: null });
      known.set(key, quantity);
      this.#taking.take(key, quantity);
    }
    if (asked.from === 'new') return { ...brought, origins: brought.origins ?? [] };
    const isNamed = asked.serials !== undefined && line.tracking === 'serial';
    const wanted = isNamed ? this.#taking.nowhere(line.goods.item, draw.serials) : draw.quantity;
    const origins =
      asked.from === undefined ? this.#fromStock(line, by, wanted) : this.#fromNamed(line, asked, by, wanted, known);
    if (isRejected(origins)) return origins;
    return { ...brought, origins: [...(brought.origins ?? []), ...origins.map((origin) => originDraw(by, origin))] };
  }

  #fromStock({ goods }: FoundLine, by: string, wanted: Wanted): OrRejected<Origin[]> {
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
      open -= this.#taking.free(source, wanted);
    }
    if (missing !== undefined) return missing;
    const origins = this.#taking.takeFrom(sources, wanted);
    return this.#whyKept(sources, by, sizeOf(wanted), unitsIn(origins)) ?? origins;
  }

  readonly #heldOf = (line: FoundLine, by: string) => heldUnits(this.#view, line, by, { now: this.#now });

  /** Why not all come from there: some are held. */
  #whyKept(sources: readonly Source[], by: string, asked: number, got: number): Rejected | undefined {
    const kept = sources.find((source) => source.held !== undefined && this.#taking.left(source, asked) > 0);
    if (got >= asked || kept?.held === undefined) return undefined;
    return heldFor(kept.line.goods, by, asked, got, kept.held.holds);
  }

  #fromNamed(
    line: FoundLine,
    { order, line: id, quantity, from }: Line,
    by: string,
    wanted: Wanted,
    known: ReadonlyMap<string, number>,
  ) {
    const named = from as readonly Named[];
    const says = named.reduce((sum, one) => sum + (one.quantity ?? 0), 0);
    if (says > quantity) return moreThanTheLine(order, id, quantity, says);
    const whereOf = ({ stage = 'held' }: Named): UnitsFilter =>
      stage === 'held' ? { owner: by, custodian: by, stage } : { stage };
    return this.#taking.fromNamed(named, wanted, {
      known,
      sourcesOf: (one, found) => {
        const where = whereOf(one);
        const held = where.stage === 'held' ? this.#heldOf(found, by) : undefined;
        const there = found.goods.item === line.goods.item ? sourcesAt(found, where) : [];
        return there.map((source) => ({ ...source, held }));
      },
      whyShort: (one, found, sources, asked, got) =>
        this.#whyKept(sources, by, asked, got) ?? insufficient(found.goods, whereOf(one), asked, got),
    });
  }
}

const moreThanTheLine = (order: string, line: string, asked: number, named: number): Rejected =>
  reject(
    'insufficient-quantity',
    `Line ${line} of order ${order} dispatches ${asked} units, and its \`from\` names ${named}. Name no more than are dispatched.`,
    { order, line, asked: named, available: asked },
  );
