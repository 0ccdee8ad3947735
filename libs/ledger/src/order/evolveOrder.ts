import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move, Place } from '#contracts/move';
import { type Holding, keyAt } from '../account.ts';
import type { Order, OrderLine } from '../entity.ts';

/** An order after an event: its lines' accounts by the moves, and what the event itself says of a line. */
export function evolveOrder(id: string, before: Order | undefined, event: LedgerEvent): Order | undefined {
  const order = event.type === 'lading.order.placed.v1' ? placed(event) : before;
  if (order === undefined) return undefined;

  const lines = new Changes(order, event.sequence);
  for (const move of movesOf(event)) {
    if (move.order !== id) continue;
    lines.post(move);
  }
  if (event.type === 'lading.order.line_changed.v1') {
    const { line, quantity, window } = event.data;
    lines.set(line, (state) => ({ quantity: quantity ?? state.quantity, window: window ?? state.window }));
  }
  if (event.type === 'lading.order.line_cancelled.v1') {
    const { line, quantity } = event.data;
    lines.set(line, (state) => ({ quantity: state.quantity - quantity }));
  }
  return { ...order, version: event.sequence, lines: lines.done() };
}

function placed({ data, sequence }: LedgerEvent<'lading.order.placed.v1'>): Order {
  const { order, buyer, supplier } = data;
  const lines = data.lines.map(
    ({ line, item, quantity, window }): OrderLine => ({
      line,
      item,
      quantity,
      window,
      accounts: new Map(),
      dispatched: new Map(),
    }),
  );
  return { kind: 'order', version: sequence, order, buyer, supplier, lines, index: indexOf(lines) };
}

/** Where each line stands. */
export const indexOf = (lines: readonly OrderLine[]): ReadonlyMap<string, number> =>
  new Map(lines.map(({ line }, index) => [line, index]));

/** A line that an event changes: its own copy of the maps, made once, so that an event of 1,000 moves copies each once. */
interface LineDraft {
  readonly state: OrderLine;
  readonly accounts: Map<string, Holding>;
  dispatched: Map<string, number> | undefined;
  /** Shipments that units left: when they were the last, the shipment is forgotten. */
  readonly left: Set<string>;
  fields: Partial<Pick<OrderLine, 'quantity' | 'window'>>;
}

class Changes {
  readonly #order: Order;
  readonly #sequence: number;
  readonly #changes = new Map<number, LineDraft>();

  constructor(order: Order, sequence: number) {
    this.#order = order;
    this.#sequence = sequence;
  }

  post(move: Move): void {
    const draft = this.#change(move.line);
    add(draft.accounts, move, move.from, -move.quantity);
    add(draft.accounts, move, move.to, move.quantity);
    if (move.from.shipment !== undefined) draft.left.add(move.from.shipment);
    const { shipment } = move.to;
    if (shipment === undefined || (draft.dispatched ?? draft.state.dispatched).has(shipment)) return;
    draft.dispatched ??= new Map(draft.state.dispatched);
    draft.dispatched.set(shipment, this.#sequence);
  }

  set(line: string, change: (state: OrderLine) => LineDraft['fields']): void {
    const draft = this.#change(line);
    draft.fields = change(draft.state);
  }

  done(): readonly OrderLine[] {
    const lines = this.#order.lines.slice();
    for (const [index, draft] of this.#changes) {
      lines[index] = { ...draft.state, ...draft.fields, accounts: draft.accounts, dispatched: underWay(draft) };
    }
    return lines;
  }

  #change(line: string): LineDraft {
    const index = this.#order.index.get(line);
    const state = index === undefined ? undefined : this.#order.lines[index];
    if (index === undefined || state === undefined) throw new Error(`order ${this.#order.order} has no line ${line}`);
    let draft = this.#changes.get(index);
    if (draft === undefined) {
      this.#changes.set(
        index,
        (draft = { state, accounts: new Map(state.accounts), dispatched: undefined, left: new Set(), fields: {} }),
      );
    }
    return draft;
  }
}

function underWay({ state, accounts, dispatched, left }: LineDraft): OrderLine['dispatched'] {
  if (left.size === 0) return dispatched ?? state.dispatched;
  for (const { shipment } of accounts.values()) if (shipment !== null) left.delete(shipment);
  if (left.size === 0) return dispatched ?? state.dispatched;
  const still = dispatched ?? new Map(state.dispatched);
  for (const shipment of left) still.delete(shipment);
  return still;
}

/** Adds to a balance; an account at zero is left out. */
function add(accounts: Map<string, Holding>, move: Move, place: Place, quantity: number): void {
  const key = keyAt(move, place);
  const before = accounts.get(key);
  const balance = (before?.quantity ?? 0) + quantity;
  if (balance === 0) accounts.delete(key);
  else accounts.set(key, holdingOf(move, place, balance));
}

// One literal, so that all holdings have one shape: it is what every rule reads.
const holdingOf = (
  { item, order, line }: Move,
  { owner, custodian, stage, shipment }: Place,
  quantity: number,
): Holding => ({
  owner,
  custodian,
  item,
  order,
  line,
  stage,
  shipment: shipment ?? null,
  quantity,
});
