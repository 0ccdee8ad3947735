import type { Goods, Holding } from '../account.ts';
import { isRejected, type Or, type Rejected, reject } from '../decision.ts';
import type { Order, OrderLine } from '../entity.ts';
import { find, type View } from '../view.ts';

/** One line of an order, found. */
export interface LineOf extends Goods {
  readonly of: Order;
  readonly is: OrderLine;
}

interface Names {
  readonly order: string;
  readonly line: string;
}

/** The line of that name. */
export function lineNamed(order: Order, line: string): OrderLine | undefined {
  const at = order.index.get(line);
  return at === undefined ? undefined : order.lines[at];
}

/** Rejects with `unknown-order` or `unknown-order-line`. Asks for the line's item as well. */
export function findLine(view: View, { order, line }: Names): Or<LineOf> {
  const of = find(view, 'order', order);
  if (of === undefined) {
    return reject('unknown-order', `There is no order ${order} in this ledger. Place it first, or correct its id.`, {
      order,
      line,
    });
  }
  const is = lineNamed(of, line);
  if (is === undefined) {
    return reject('unknown-order-line', `Order ${order} has no line ${line}.`, {
      order,
      line,
      lines: of.lines.slice(0, 20).map((one) => one.line),
    });
  }
  find(view, 'item', is.item);
  return { order, line, item: is.item, of, is };
}

/** A line that an event names, and what the event says of it. */
export interface Asked<L> {
  readonly line: LineOf;
  readonly asked: L;
}

/** All lines that an event names, in its order. Asks for all of them before it answers, so that they are loaded at once. */
export function findLines<L extends Names>(view: View, named: readonly L[]): Or<Asked<L>[]> {
  const lines: Asked<L>[] = [];
  let missing: Rejected | undefined;
  for (const asked of named) {
    const line = findLine(view, asked);
    if (isRejected(line)) missing ??= line;
    else lines.push({ line, asked });
  }
  return missing ?? lines;
}

/** What narrows down which of a line's units are meant; what is left out may be anything. */
export interface Where {
  readonly owner?: string | undefined;
  readonly custodian?: string | undefined;
  readonly stage?: Holding['stage'] | undefined;
  readonly shipment?: string | undefined;
}

/** The line's units there. Every rule looks here, on lines of hundreds of accounts: it reads `where` once, not for each. */
export function holdingsAt(line: OrderLine, { owner, custodian, stage, shipment }: Where): Holding[] {
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
