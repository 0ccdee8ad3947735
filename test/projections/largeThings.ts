import { type Completed, type EventType, subjectOf } from '#contracts/catalog';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Move, Place } from '#contracts/move';

/** Lines of the one order: more than an answer has. */
export const LINES = 5_400;
/** Lines of an event. */
const OF_EVENT = 150;
/** Items that have a unit with the one serial number. */
export const ALIKE = 300;

type Fact = { [T in EventType]: { type: T; data: Completed<T> } }[EventType];

/**
 * A ledger with one of each that is as large as it may become: a party that owns thousands of items and has thousands of legs in swaps, an
 * order of thousands of lines, all on one shipment that is late, a serial number that many items use, a late
 * shipment of many lines of one item. Written here and not decided by the
 * ledger, which would take longer.
 */
export function* largeThings(ledger: string): Generator<LedgerEvent> {
  let sequence = 0;
  for (const { type, data } of facts()) {
    const moment = new Date(Date.UTC(2023, 0, 1) + ++sequence * 1_000).toISOString();
    yield {
      ...{ id: `E-${sequence}`, source: 'urn:large', type, subject: subjectOf<EventType>(type, data), time: moment },
      ...{ ledger, sequence, recordedtime: moment, actor: 'test', data },
    } as LedgerEvent;
  }
}

const window = { from: '2023-02-01', to: '2023-02-28' };
const at = (owner: string, stage: Place['stage'], custodian = 'maker', shipment?: string): Place => ({
  ...{ owner, custodian, stage },
  ...(shipment !== undefined && { shipment }),
});
const move = (n: number, quantity: number, from: Place, to: Place): Move => ({
  ...{ item: `I-${n}`, order: 'PO-1', line: String(n), quantity, from, to },
});
const party = (id: string, role: 'supplier' | 'customer' | 'carrier'): Fact => ({
  type: 'lading.party.registered.v1',
  data: { party: id, name: id, roles: [role] },
});
const item = (id: string, tracking: 'quantity' | 'serial'): Fact => ({
  type: 'lading.item.registered.v1',
  data: { item: id, name: id, maker: 'maker', tracking },
});

function* facts(): Generator<Fact> {
  yield { type: 'lading.ledger.opened.v1', data: { name: 'Large', keeper: 'maker' } };
  yield* [party('maker', 'supplier'), party('dhl', 'carrier'), party('buyer', 'customer')];
  for (let n = 0; n < LINES / OF_EVENT; n++) yield party(`y-${n}`, 'customer');
  for (let n = 0; n < LINES; n += OF_EVENT) {
    const lines = Array.from({ length: OF_EVENT }, (_, i) => n + i);
    yield* ordered(lines);
    yield* swapped(lines, `SW-${String(n).padStart(5, '0')}`, `y-${n / OF_EVENT}`);
    yield sent(lines);
  }
  yield* alike();
  yield* late();
}

function* ordered(lines: readonly number[]): Generator<Fact> {
  for (const n of lines) yield item(`I-${n}`, 'quantity');
  const data = {
    order: 'PO-1',
    lines: lines.map((n) => ({ line: String(n), item: `I-${n}`, quantity: 3, window })),
    moves: lines.map((n) => move(n, 3, at('maker', 'supply'), at('buyer', 'ordered'))),
  };
  if (lines[0] === 0) yield { type: 'lading.order.placed.v1', data: { ...data, buyer: 'buyer', supplier: 'maker' } };
  else yield { type: 'lading.order.lines_added.v1', data };
}

/** One unit of each line goes from the buyer to another. */
function* swapped(lines: readonly number[], swap: string, to: string): Generator<Fact> {
  const legs = lines.map((n) => ({
    ...{ from: 'buyer', to, order: 'PO-1', line: String(n), quantity: 1, item: `I-${n}`, window },
  }));
  yield { type: 'lading.swap.proposed.v1', data: { swap, by: 'buyer', legs } };
  yield {
    type: 'lading.swap.executed.v1',
    data: { swap, by: 'buyer', legs, moves: lines.map((n) => move(n, 1, at('buyer', 'ordered'), at(to, 'ordered'))) },
  };
}

/** And one leaves. */
const sent = (lines: readonly number[]): Fact => ({
  type: 'lading.shipment.dispatched.v1',
  data: {
    ...{ shipment: 'S-1', consignee: 'buyer', carrier: 'dhl', destination: 'Austin', eta: '2023-02-01' },
    lines: lines.map((n) => ({ order: 'PO-1', line: String(n), owner: 'buyer', quantity: 1, item: `I-${n}` })),
    moves: lines.map((n) => move(n, 1, at('buyer', 'ordered'), at('buyer', 'in_transit', 'dhl', 'S-1'))),
  },
});

/** Items of which each has a unit with the serial number 1. */
function* alike(): Generator<Fact> {
  for (let n = 0; n < ALIKE; n++) yield item(`N-${n}`, 'serial');
  const lines = Array.from({ length: ALIKE }, (_, n) => ({ order: 'PO-2', line: `${n}`, item: `N-${n}`, quantity: 1 }));
  const moves = (from: Place, to: Place) => lines.map((line) => ({ ...line, from, to }));
  const placed = lines.map(({ line, item, quantity }) => ({ line, item, quantity, window }));
  yield {
    type: 'lading.order.placed.v1',
    data: {
      ...{ order: 'PO-2', buyer: 'buyer', supplier: 'maker', lines: placed },
      moves: moves(at('maker', 'supply'), at('buyer', 'ordered')),
    },
  };
  yield {
    type: 'lading.shipment.dispatched.v1',
    data: {
      ...{ shipment: 'S-2', consignee: 'buyer', carrier: 'dhl' },
      lines: lines.map((line) => ({ ...line, owner: 'buyer' })),
      moves: moves(at('buyer', 'ordered'), at('buyer', 'in_transit', 'dhl', 'S-2')).map((one) => ({
        ...one,
        serials: ['1'],
      })),
    },
  };
}

/** A late shipment with many lines of one item, of many owners. */
function* late(): Generator<Fact> {
  yield item('M', 'quantity');
  const lines = Array.from({ length: OF_EVENT }, (_, n) => ({ order: 'PO-3', line: `${n}`, item: 'M', quantity: 1 }));
  const ownerOf = (line: string) => `y-${Number(line) % (LINES / OF_EVENT)}`;
  const moves = (from: (owner: string) => Place, to: (owner: string) => Place) =>
    lines.map((line) => ({ ...line, from: from(ownerOf(line.line)), to: to(ownerOf(line.line)) }));
  const ordered = (owner: string) => at(owner, 'ordered');
  yield {
    type: 'lading.order.placed.v1',
    data: {
      ...{ order: 'PO-3', buyer: 'buyer', supplier: 'maker' },
      lines: lines.map(({ line, item, quantity }) => ({ line, item, quantity, window })),
      moves: moves(() => at('maker', 'supply'), ordered),
    },
  };
  yield {
    type: 'lading.shipment.dispatched.v1',
    data: {
      ...{ shipment: 'S-3', consignee: 'buyer', carrier: 'dhl', eta: '2023-02-01' },
      lines: lines.map((line) => ({ ...line, owner: ownerOf(line.line) })),
      moves: moves(ordered, (owner) => at(owner, 'in_transit', 'dhl', 'S-3')),
    },
  };
}
