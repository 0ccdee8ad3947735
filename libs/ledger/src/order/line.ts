import type { Goods, Holding } from '../account.ts';
import { isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import type { Order, OrderLine } from '../entity.ts';
import { unknownItem, unknownOrder, type UnitsFilter } from '../rejections.ts';
import { entityOf, type View } from '../view.ts';

/** One line of an order, found. */
export interface FoundLine {
  /** What its units are: how the line is named, and its item. */
  readonly goods: Goods;
  readonly order: Order;
  readonly state: OrderLine;
  /** How the units of its item are tracked. */
  readonly tracking: 'quantity' | 'serial';
}

interface Names {
  readonly order: string;
  readonly line: string;
}

/** The line of that name. Rejects with `unknown-order` or `unknown-order-line`. */
export function findLine(view: View, { order: id, line }: Names): OrRejected<FoundLine> {
  const order = entityOf(view, 'order', id);
  if (order === undefined) return unknownOrder(id, line);
  const index = order.index.get(line);
  const state = index === undefined ? undefined : order.lines[index];
  if (state === undefined) {
    return reject(
      'unknown-order-line',
      `Order ${id} has no line ${line}. Name one that it has, or add it with \`lading.order.lines_added.v1\`.`,
      {
        order: id,
        line,
        lines: order.lines.slice(0, 20).map((one) => one.line),
      },
    );
  }
  // The item was registered when the line was placed: if it is not there, it was not loaded yet.
  const item = entityOf(view, 'item', state.item);
  if (item === undefined) return unknownItem(state.item);
  return { goods: { order: id, line, item: state.item }, order, state, tracking: item.data.tracking };
}

/** All lines that these name, in their order. Asks for all of them before it answers, so that they are loaded at once. */
export function findLines(view: View, named: readonly Names[]): OrRejected<FoundLine[]> {
  const lines: FoundLine[] = [];
  let missing: Rejected | undefined;
  for (const names of named) {
    const line = findLine(view, names);
    if (isRejected(line)) missing ??= line;
    else lines.push(line);
  }
  return missing ?? lines;
}

/** What an event says of each line that it names, with the line. */
export const withLines = <L>(asked: readonly L[], lines: readonly FoundLine[]): { asked: L; line: FoundLine }[] =>
  asked.flatMap((one, index) => {
    const line = lines[index];
    return line === undefined ? [] : { asked: one, line };
  });

/** The line's units there. Every rule looks here, on lines of hundreds of accounts: it reads `where` once, not for each. */
export function holdingsAt(line: OrderLine, { owner, custodian, stage, shipment }: UnitsFilter): Holding[] {
  const there: Holding[] = [];
  for (const holding of line.accounts.values()) {
    if (
      (stage === undefined || holding.stage === stage) &&
      (owner === undefined || holding.owner === owner) &&
      (custodian === undefined || holding.custodian === custodian) &&
      (shipment === undefined || holding.shipment === shipment)
    ) {
      there.push(holding);
    }
  }
  return there;
}
