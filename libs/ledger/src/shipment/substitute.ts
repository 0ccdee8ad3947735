import type { Place } from '#contracts/move';
import type { Serials } from '#contracts/serials';
import { type Holding, placeOf } from '../account.ts';
import type { Division } from '../booking/divide.ts';
import type { Draw } from '../booking/draw.ts';
import { isRejected, type Rejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { findLine, type FoundLine, holdingsAt } from '../order/line.ts';
import { entityOf, type View } from '../view.ts';

/** A line whose units are another item than was ordered: they take the place of as many awaited units of the line that it names. */
interface Substituting {
  readonly order: string;
  readonly line: string;
  readonly substitutes?: Replaced | undefined;
}
type Replaced = Pick<Substituting, 'order' | 'line'>;

/** Why a line cannot stand for the one that it names: they are of one item, or between others. Asks for all lines before it answers. */
export function noSubstitute(view: View, lines: readonly Substituting[]): Rejected | undefined {
  let first: Rejected | undefined;
  for (const { substitutes, ...names } of lines) {
    if (substitutes === undefined) continue;
    const sent = findLine(view, names);
    const ordered = findLine(view, substitutes);
    if (isRejected(sent)) first ??= sent;
    else if (isRejected(ordered)) first ??= ordered;
    else first ??= whyNone(sent, ordered);
  }
  return first;
}

function whyNone(sent: FoundLine, ordered: FoundLine): Rejected | undefined {
  const [its, their] = [sent.goods, ordered.goods];
  const facts = { order: its.order, line: its.line, item: its.item, substitutes: { ...their } };
  if (its.item === their.item) {
    return reject(
      'nothing-to-do',
      `Line ${its.line} of order ${its.order} is of ${its.item}, and so is line ${their.line} of order ${their.order}: a substitute is another item. Name the ordered line alone, without \`substitutes\`.`,
      facts,
    );
  }
  const { buyer, supplier } = sent.order;
  if (ordered.order.buyer === buyer && ordered.order.supplier === supplier) return undefined;
  return reject(
    'not-a-party',
    `Order ${its.order} is between ${buyer} and ${supplier}, and order ${their.order} is not. Send the substitute on a line of an order between the same two; \`lading.order.lines_added.v1\` adds one.`,
    { ...facts, buyer, supplier },
  );
}

/** The line that another one stands for. It was looked for before. */
export function replacedLine(view: View, { order, line }: Replaced): FoundLine {
  const found = findLine(view, { order, line });
  if (isRejected(found)) throw new Error(`line ${line} of order ${order} was found before`);
  return found;
}

/** The awaited units end: they go back to the supply, which is where they came from as long as nobody has had them. */
export function endAwaited(
  division: Division,
  line: FoundLine,
  sources: readonly Holding[],
  units: { readonly quantity: number; readonly serials?: Serials | undefined },
): Draw[] {
  const { supplier } = line.order;
  const supply: Place = { owner: supplier, custodian: supplier, stage: 'supply' };
  return division
    .parts(line, sources, units)
    .map(({ holding, quantity, serials }) => ({ line, from: placeOf(holding), to: supply, quantity, serials }));
}

/** Why nothing is replaced at a receipt; what was sent as a substitute is received without saying so again. */
export function sentAsItself(why: Rejected, { goods, state }: FoundLine, { shipment }: Shipment): Rejected {
  if (holdingsAt(state, { stage: 'in_transit', shipment }).length === 0) return why;
  return reject(
    why.code,
    `${why.detail} Line ${goods.line} of order ${goods.order} is on shipment ${shipment} itself: receive it without \`substitutes\`.`,
    why.facts,
  );
}

/**
 * The lines that units of this one replace, as an event says, on an order between the same two: whoever gets a shipment may find
 * something else on it.
 */
export function replacedBy({ order, line }: Replaced, data: object, view: View): Replaced[] {
  const lines = 'lines' in data ? (data.lines as readonly Substituting[]) : [];
  const sent = entityOf(view, 'order', order);
  return lines.flatMap(({ substitutes, ...said }) => {
    if (substitutes === undefined || said.order !== order || said.line !== line) return [];
    const ordered = entityOf(view, 'order', substitutes.order);
    const isSame = sent?.buyer === ordered?.buyer && sent?.supplier === ordered?.supplier;
    return sent?.index.has(line) && isSame ? [substitutes] : [];
  });
}
