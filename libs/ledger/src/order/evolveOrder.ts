import type { Completed } from '#contracts/catalog';
import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { HeldLine, Move, Place } from '#contracts/move';
import { microseconds, type Window } from '#contracts/scalars';
import { type Holding, keyAt } from '../account.ts';
import { newest, type Occurrence } from '../overtaken.ts';
import type { EntityKey, LineHold, Order, OrderLine, Promised } from '../entity.ts';

/**
 * An order after some events of its stream, oldest first: its lines' accounts by the moves, and what the events themselves say of a line. Undefined where
 * the first of them does not place it.
 */
export function evolveOrder(id: string, before: Order | undefined, events: readonly LedgerEvent[]): Order | undefined {
  let order = before && new Changes(before);
  for (const event of events) {
    // An event of another order may bring units back from this one.
    const isOwn = event.subject === `order/${id}`;
    if (event.type === 'lading.order.placed.v1' && isOwn) order = new Changes(placed(event));
    else if (event.type === 'lading.order.lines_added.v1' && isOwn && order !== undefined)
      order = new Changes(withLines(order.done(), event));
    if (order === undefined) return undefined;
    order.add(id, event);
  }
  return order?.done();
}

/** What an event holds from then on, and for how long. */
export function holdOf(
  event: LedgerEvent,
): (Pick<LineHold, 'for' | 'until'> & { readonly lines: readonly HeldLine[] }) | undefined {
  if (event.type === 'lading.units.held.v1') {
    const { hold, until, lines } = event.data;
    return { for: `hold/${hold}`, until, lines };
  }
  if (event.type !== 'lading.swap.accepted.v1') return undefined;
  const { swap, until, holds } = event.data;
  return until === undefined || holds === undefined ? undefined : { for: `swap/${swap}`, until, lines: holds };
}

/** What holds nothing any more after an event. */
export function endedHold({ type, data }: LedgerEvent): EntityKey | undefined {
  switch (type) {
    case 'lading.swap.executed.v1':
    case 'lading.swap.rejected.v1':
    case 'lading.swap.withdrawn.v1':
      return `swap/${data.swap}`;
    case 'lading.units.released.v1':
    case 'lading.reallocation.made.v1':
      return data.hold === undefined ? undefined : `hold/${data.hold}`;
    default:
      return undefined;
  }
}

function placed({ data, sequence, time, id }: LedgerEvent<'lading.order.placed.v1'>): Order {
  const { order, buyer, supplier } = data;
  const said = { time, sequence, id };
  const lines = data.lines.map((line) => newLine(line, said));
  return { kind: 'order', version: sequence, order, buyer, supplier, lines, index: indexOf(lines) };
}

function withLines(order: Order, { data, sequence, time, id }: LedgerEvent<'lading.order.lines_added.v1'>): Order {
  const said = { time, sequence, id };
  const lines = [...order.lines, ...data.lines.map((line) => newLine(line, said))];
  return { ...order, lines, index: indexOf(lines) };
}

/** A line before any unit of it moved. */
export const newLine = (
  { line, item, quantity, window }: Pick<OrderLine, 'line' | 'item' | 'quantity' | 'window'>,
  said: Occurrence,
): OrderLine => ({
  line,
  item,
  quantity,
  window,
  said: { quantity: said, window: said },
  accounts: NONE,
  dispatched: NONE,
  moved: NONE,
  holds: NO_HOLDS,
});

/** Shared by all lines: whatever changes a line copies what it changes first. */
const NONE: ReadonlyMap<string, never> = new Map<string, never>();
const NO_HOLDS: readonly LineHold[] = [];

/** Where each line stands. */
export const indexOf = (lines: readonly OrderLine[]): ReadonlyMap<string, number> =>
  new Map(lines.map(({ line }, index) => [line, index]));

/** A line that events change: its own copies of the maps, made once, so that 1,000 moves of an event, or of as many events, copy each once. */
interface LineDraft {
  readonly state: OrderLine;
  readonly accounts: Map<string, Holding>;
  dispatched: Map<string, number> | undefined;
  moved: Map<string, Occurrence> | undefined;
  /** Shipments that units left by the event: when they were the last, the shipment is forgotten. */
  readonly left: Set<string>;
  holds: readonly LineHold[];
  fields: Partial<Pick<OrderLine, 'quantity' | 'window' | 'said' | 'promised'>>;
}

type Confirmed = Completed<'lading.order.confirmed.v1'>['lines'][number];

/** What events change of an order, one after the other. */
class Changes {
  readonly #order: Order;
  #version: number;
  /** Of the event that is being added: one for all that it says and moves, which lines share. */
  #now: Occurrence;
  readonly #drafts = new Map<number, LineDraft>();
  /** The lines that the event changes. */
  readonly #changed = new Set<LineDraft>();

  constructor(order: Order) {
    this.#order = order;
    this.#version = order.version;
    this.#now = { time: '', sequence: order.version, id: '' };
  }

  add(id: string, event: LedgerEvent): void {
    const { time, sequence } = event;
    this.#version = sequence;
    this.#now = { time, sequence, id: event.id };
    for (const move of movesOf(event)) if (move.order === id) this.#post(move);
    this.#takeIn(id, event);
    const ended = endedHold(event);
    if (ended !== undefined) this.#release(ended);
    const hold = holdOf(event);
    if (hold !== undefined) {
      const { lines: held, ...rest } = hold;
      for (const line of held) if (line.order === id) this.#hold({ ...line, ...rest });
    }
    // Holds that are over by now are forgotten where a line changes anyway.
    if (this.#changed.size === 0) return;
    const recorded = microseconds(event.recordedtime);
    for (const draft of this.#changed) {
      draft.holds = draft.holds.filter(({ until }) => microseconds(until) > recorded);
      forgetLeft(draft);
    }
    this.#changed.clear();
  }

  /** What the event itself says. */
  #takeIn(id: string, { type, subject, data }: LedgerEvent): void {
    const isOwn = subject === `order/${id}`;
    if (type === 'lading.order.line_changed.v1' && isOwn) {
      const { line, quantity, window } = data;
      this.#say(line, { quantity, window });
    } else if (type === 'lading.order.confirmed.v1' && isOwn) {
      for (const confirmed of data.lines) this.#promise(confirmed);
    } else if (type === 'lading.order.line_cancelled.v1') {
      this.#cancel(data.line, data.quantity);
    } else if (type === 'lading.count.adjusted.v1') {
      const { custodian } = data;
      for (const counted of data.lines) {
        // Where it is as expected nothing moves: it was counted all the same.
        if (counted.order === id)
          this.#touch(this.#change(counted.line), keyAt(counted, { owner: counted.owner, custodian, stage: 'held' }));
      }
    }
  }

  #post(move: Move): void {
    const draft = this.#change(move.line);
    this.#book(draft, move, move.from, -move.quantity);
    this.#book(draft, move, move.to, move.quantity);
    if (move.from.shipment !== undefined) draft.left.add(move.from.shipment);
    const { shipment } = move.to;
    if (shipment === undefined || (draft.dispatched ?? draft.state.dispatched).has(shipment)) return;
    draft.dispatched ??= new Map(draft.state.dispatched);
    draft.dispatched.set(shipment, this.#now.sequence);
  }

  /** What the event says of a line; a value that it leaves out stays. */
  #say(line: string, { quantity, window }: { quantity?: number | undefined; window?: Window | undefined }): void {
    const draft = this.#change(line);
    const state = { ...draft.state, ...draft.fields };
    draft.fields = {
      ...draft.fields,
      quantity: quantity ?? state.quantity,
      window: window ?? state.window,
      said: {
        quantity: quantity === undefined ? state.said.quantity : newest(state.said.quantity, this.#now),
        window: window === undefined ? state.said.window : newest(state.said.window, this.#now),
      },
    };
  }

  /** What the supplier promises of a line from now on. */
  #promise({ line, code, quantity = 0, window }: Confirmed): void {
    const draft = this.#change(line);
    const isRejected = code === 'rejected';
    const { time, sequence, id } = this.#now;
    const promised: Promised = {
      ...{ time, sequence, id, code, quantity: isRejected ? 0 : quantity },
      ...(!isRejected && window !== undefined && { window }),
    };
    draft.fields = { ...draft.fields, promised };
  }

  #cancel(line: string, quantity: number): void {
    const { state, fields } = this.#change(line);
    this.#say(line, { quantity: (fields.quantity ?? state.quantity) - quantity });
  }

  #book(draft: LineDraft, move: Move, place: Place, quantity: number): void {
    const account = keyAt(move, place);
    add(draft.accounts, account, move, place, quantity);
    if (place.stage === 'ordered' || place.stage === 'held') this.#touch(draft, account);
  }

  /** Units of an account were counted, or moved. */
  #touch(draft: LineDraft, account: string): void {
    draft.moved ??= new Map(draft.state.moved);
    const before = draft.moved.get(account);
    draft.moved.set(account, before === undefined ? this.#now : newest(before, this.#now));
  }

  #hold(hold: LineHold): void {
    const draft = this.#change(hold.line);
    draft.holds = [...draft.holds, hold];
  }

  /** Ends what something holds, on whichever lines. */
  #release(ended: EntityKey): void {
    for (const [index, { line, holds }] of this.#order.lines.entries()) {
      if (!(this.#drafts.get(index)?.holds ?? holds).some((hold) => hold.for === ended)) continue;
      const draft = this.#change(line);
      draft.holds = draft.holds.filter((hold) => hold.for !== ended);
    }
  }

  /** The order after the events so far. No more are added. */
  done(): Order {
    const lines = this.#order.lines.slice();
    for (const [index, { state, fields, accounts, dispatched = state.dispatched, moved = state.moved, holds }] of this
      .#drafts)
      lines[index] = { ...state, ...fields, accounts, dispatched, moved, holds };
    return { ...this.#order, version: this.#version, lines };
  }

  #change(line: string): LineDraft {
    const index = this.#order.index.get(line);
    const state = index === undefined ? undefined : this.#order.lines[index];
    if (index === undefined || state === undefined) throw new Error(`order ${this.#order.order} has no line ${line}`);
    let draft = this.#drafts.get(index);
    if (draft === undefined) {
      this.#drafts.set(
        index,
        (draft = {
          state,
          accounts: new Map(state.accounts),
          dispatched: undefined,
          moved: undefined,
          left: new Set(),
          holds: state.holds,
          fields: {},
        }),
      );
    }
    this.#changed.add(draft);
    return draft;
  }
}

/** Forgets the shipments that the last units of a line left. */
function forgetLeft(draft: LineDraft): void {
  const { state, accounts, left } = draft;
  if (left.size === 0) return;
  for (const { shipment } of accounts.values()) if (shipment !== null) left.delete(shipment);
  if (left.size > 0) draft.dispatched ??= new Map(state.dispatched);
  for (const shipment of left) draft.dispatched?.delete(shipment);
  left.clear();
}

/** Adds to a balance; an account at zero is left out. */
function add(accounts: Map<string, Holding>, key: string, move: Move, place: Place, quantity: number): void {
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
