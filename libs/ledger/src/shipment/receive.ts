import type { Completed, Submitted } from '#contracts/catalog';
import { withMore } from '#contracts/cloudEvent';
import type { Place } from '#contracts/move';
import { keyOf } from '#contracts/scalars';
import type { Serials } from '#contracts/serials';
import { type Holding, placeOf } from '../account.ts';
import { book } from '../booking/book.ts';
import { namesNothing } from '../booking/checkSerials.ts';
import { Division } from '../booking/divide.ts';
import type { Draw } from '../booking/draw.ts';
import { allBroughtBack } from '../booking/origins.ts';
import { orderedThenSupply } from '../booking/source.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Rejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { type FoundLine, withLines } from '../order/line.ts';
import { insufficient } from '../rejections.ts';
import { knownEntity, type View } from '../view.ts';
import { advisedTo, sum } from './advised.ts';
import { endAwaited, noSubstitute, replacedLine, sentAsItself } from './substitute.ts';

type Received = Submitted<'lading.shipment.received.v1'>;
type ReceivedLine = Received['lines'][number];
type CompletedLine = Completed<'lading.shipment.received.v1'>['lines'][number];

/**
 * Receives units of a shipment: good ones are held, damaged ones damaged, by whoever receives them. They come out of what is in
 * transit, then out of what was lost of it. Units that were never sent are the supplier's. A final receipt of nothing is a fact:
 * what is missing is a discrepancy.
 */
export const receive: Rule<'lading.shipment.received.v1'> = (data, { view, lines }) => {
  if (data.final !== true && data.lines.every(isEmpty)) return nothingReceived(data);

  const odd = noSubstitute(view, data.lines);
  if (odd !== undefined) return odd;
  const shipment = knownEntity(view, 'shipment', data.shipment);
  const arrivals = new Arrivals(view, data.by, shipment);
  for (const { asked, line } of withLines(data.lines, lines)) {
    const refused = arrivals.add(asked, line);
    if (refused !== undefined) return refused;
  }
  const draws = allBroughtBack(view, arrivals.draws, ({ line }) => line.order.supplier, true);
  const moves = isRejected(draws) ? draws : book(view, [...draws, ...arrivals.ended]);
  if (isRejected(moves) && moves.code !== 'insufficient-quantity') return moves;
  const short = arrivals.short();
  if (short !== undefined) return short;
  if (isRejected(moves)) return moves;
  const facts = { ...data, lines: arrivals.completed };
  return accept<'lading.shipment.received.v1'>(moves.length === 0 ? facts : withMore(facts, { moves }));
};

const isEmpty = ({ received, damaged = 0, surplus = 0 }: ReceivedLine): boolean => received + damaged + surplus === 0;

const nothingReceived = ({ shipment }: Received) =>
  reject(
    'nothing-to-do',
    `This receipt of shipment ${shipment} names no units. Say what came, or send it as final when nothing more will.`,
    { shipment },
  );

/** What the lines of a receipt take together of one owner's units. */
interface Expected {
  readonly line: FoundLine;
  readonly owner: string;
  readonly available: number;
  readonly arrived: number;
}

/** The lines of one receipt, each with the units that it brings. */
class Arrivals {
  readonly completed: CompletedLine[] = [];
  readonly draws: Draw[] = [];
  /** Units that were sent by the books, and in whose place another item came. */
  readonly ended: Draw[] = [];
  readonly #view: View;
  readonly #by: string;
  readonly #shipment: Shipment;
  readonly #division: Division;
  readonly #expected = new Map<string, Expected>();

  constructor(view: View, by: string, shipment: Shipment) {
    this.#view = view;
    this.#by = by;
    this.#shipment = shipment;
    this.#division = new Division(view);
  }

  /** Why a line is rejected, if it is. */
  add({ substitutes, ...asked }: ReceivedLine, line: FoundLine): Rejected | undefined {
    const { received, damaged = 0, surplus = 0, serials, damagedSerials, surplusSerials } = asked;
    const arrived = received + damaged;
    const sent = substitutes === undefined ? line : replacedLine(this.#view, substitutes);
    const counted = { arrived, surplus, isReplaced: substitutes !== undefined };
    const advised = advisedTo(sent, this.#shipment, asked.owner, counted);
    if (isRejected(advised)) return substitutes === undefined ? advised : sentAsItself(advised, line, this.#shipment);

    const { owner, quantity } = advised;
    const sources = substitutes === undefined ? advised.sources : orderedThenSupply(line, owner);
    const { supplier } = line.order;
    const wrong = [
      this.#bring(line, sources, { owner, custodian: this.#by, stage: 'held' }, received, serials),
      this.#bring(line, sources, { owner, custodian: this.#by, stage: 'damaged' }, damaged, damagedSerials),
      this.#bring(line, [], { owner: supplier, custodian: this.#by, stage: 'held' }, surplus, surplusSerials),
    ];
    if (substitutes !== undefined && arrived > 0) {
      const units = { quantity: arrived, serials: asked.substitutedSerials };
      this.ended.push(...endAwaited(this.#division, sent, advised.sources, units));
    }
    this.#expect(sent, owner, sum(advised.sources), arrived);
    const known = { owner, item: line.goods.item, advised: quantity };
    this.completed.push({ ...asked, ...known, ...(substitutes && { substitutes: sent.goods }) });
    return wrong.find((refused) => refused !== undefined);
  }

  /** Why there are not enough: of one owner's units of a line, in transit and lost together. */
  short(): Rejected | undefined {
    for (const { line, owner, available, arrived } of this.#expected.values()) {
      const where = { owner, stage: 'in_transit', shipment: this.#shipment.shipment } as const;
      if (arrived > available) return insufficient(line.goods, where, arrived, available);
    }
    return undefined;
  }

  #expect(line: FoundLine, owner: string, available: number, arrived: number): void {
    const key = keyOf(line.goods.order, line.goods.line, owner);
    const so = this.#expected.get(key);
    // A line that brings nothing looks at nothing that was lost.
    const most = Math.max(available, so?.available ?? 0);
    this.#expected.set(key, { line, owner, available: most, arrived: arrived + (so?.arrived ?? 0) });
  }

  /** Units that go to one place; without sources, out of the supplier's supply. */
  #bring(
    line: FoundLine,
    sources: readonly Holding[],
    to: Place,
    quantity: number,
    serials: Serials | undefined,
  ): Rejected | undefined {
    if (quantity === 0) return namesNothing(line, serials);
    const { supplier } = line.order;
    const supply: Place = { owner: supplier, custodian: supplier, stage: 'supply' };
    if (sources.length === 0) this.draws.push({ line, from: supply, to, quantity, serials });
    for (const part of this.#division.parts(line, sources, { quantity, serials })) {
      this.draws.push({ line, from: placeOf(part.holding), to, quantity: part.quantity, serials: part.serials });
    }
    return undefined;
  }
}
