import type { EventType, Completed } from '#contracts/catalog';
import { subjectOf } from '#contracts/catalog';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Move, Place } from '#contracts/move';

export const LEDGER = 'bench';
const SUPPLIER = 'nvidia';
const CARRIERS = ['dhl', 'ups', 'dsv'];
const ITEMS = ['H100', 'H200', 'B200', 'D1'];
const BUYERS = 200;
const BEGIN = Date.UTC(2023, 0, 1);
const window = { from: '2023-12-01', to: '2023-12-31' };

type Fact = { [T in EventType]: { type: T; data: Completed<T> } }[EventType];

/**
 * A year of a busy ledger: `count` events, always the same, generated one at a time, with `underWay` orders between their placing and
 * their receipt. Orders of one to three lines (most of one) are placed, dispatched and received; one in twenty is reassigned before, one
 * in fifty is swapped for another, one in thirty arrives damaged, one in ten is tracked by serial number. The events are written here
 * and not decided by the ledger, since deciding them would take longer than projecting them.
 */
export function* manyEvents(count: number, underWay = 3_000): Generator<LedgerEvent> {
  let sequence = 0;
  for (const { type, data } of facts(underWay)) {
    if (sequence === count) return;
    const moment = new Date(BEGIN + ++sequence * 1_000).toISOString();
    yield {
      id: `E-${sequence}`,
      source: 'urn:bench:erp',
      type,
      subject: subjectOf<EventType>(type, data),
      time: moment,
      ledger: LEDGER,
      sequence,
      recordedtime: moment,
      actor: 'bench',
      data,
    } as LedgerEvent;
  }
}

interface Line {
  readonly order: string;
  readonly line: string;
  readonly item: string;
  readonly quantity: number;
  owner: string;
  stage: 'ordered' | 'in_transit';
}

function* facts(underWay: number): Generator<Fact> {
  yield { type: 'lading.ledger.opened.v1', data: { name: 'Bench', keeper: SUPPLIER } };
  yield party(SUPPLIER, 'supplier');
  for (const carrier of CARRIERS) yield party(carrier, 'carrier');
  for (let n = 0; n < BUYERS; n++) yield party(`buyer-${n}`, 'customer', n % 3 === 0 ? [`owner-${n % 10}`] : []);
  for (const item of ITEMS) {
    yield {
      type: 'lading.item.registered.v1',
      data: { item, name: item, maker: SUPPLIER, tracking: item === 'D1' ? 'serial' : 'quantity' },
    };
  }
  for (const item of ITEMS) yield committed(item);
  const orders: Line[][] = [];
  for (let n = 0; ; n++) {
    const lines = linesOf(n);
    orders.push(lines);
    yield placed(lines);
    if (n % 10 === 4) yield confirmed(lines);
    if (n % 20 === 7) yield reassigned(n, lines);
    if (n % 50 === 13 && n > 0) yield* swapped(n, orders.at(-2) ?? [], lines);
    if (n >= underWay) yield dispatched(n - underWay, orders[0] ?? []);
    if (n >= underWay) yield received(n - underWay, orders.shift() ?? []);
  }
}

const party = (id: string, role: 'supplier' | 'customer' | 'carrier', controlledBy: string[] = []): Fact => ({
  type: 'lading.party.registered.v1',
  data: { party: id, name: `The party ${id}`, roles: [role], ...(controlledBy.length > 0 && { controlledBy }) },
});

const linesOf = (n: number): Line[] =>
  Array.from({ length: n % 10 < 6 ? 1 : n % 10 < 9 ? 2 : 3 }, (_, i) => ({
    order: `PO-${n}`,
    line: String(i + 1),
    item: ITEMS[n % 10 === 5 ? 3 : n % 3] ?? 'H100',
    quantity: n % 10 === 5 ? 8 : 8 * (1 + (n % 50)),
    owner: `buyer-${(n * 7) % BUYERS}`,
    stage: 'ordered',
  }));

const at = (owner: string, custodian: string, stage: Place['stage'], shipment?: string): Place => ({
  owner,
  custodian,
  stage,
  ...(shipment !== undefined && { shipment }),
});
const move = ({ item, order, line, quantity }: Line, from: Place, to: Place): Move => ({
  item,
  order,
  line,
  quantity,
  from,
  to,
});
const base = ({ order, line, owner, item }: Line) => ({ order, line, owner, item });

const placed = (lines: Line[]): Fact => ({
  type: 'lading.order.placed.v1',
  data: {
    order: lines[0]!.order,
    buyer: lines[0]!.owner,
    supplier: SUPPLIER,
    lines: lines.map(({ line, item, quantity }) => ({ line, item, quantity, window })),
    moves: lines.map((line) => move(line, at(SUPPLIER, SUPPLIER, 'supply'), at(line.owner, SUPPLIER, 'ordered'))),
  },
});

const committed = (item: string): Fact => ({
  type: 'lading.supply.committed.v1',
  data: { supplier: SUPPLIER, item, period: { from: '2023-10-01', to: '2023-12-31' }, quantity: 1_000 },
});

const confirmed = (lines: Line[]): Fact => ({
  type: 'lading.order.confirmed.v1',
  data: {
    order: lines[0]!.order,
    lines: lines.map(({ line, item, quantity }) => ({
      ...{ line, item, code: 'changed' as const, quantity, ordered: { quantity, window } },
      window: { from: '2023-12-15', to: '2024-01-15' },
    })),
  },
});

function owned(line: Line, to: string): Move {
  const from = at(line.owner, SUPPLIER, 'ordered');
  line.owner = to;
  return move(line, from, at(to, SUPPLIER, 'ordered'));
}

function reassigned(n: number, lines: Line[]): Fact {
  const from = lines[0]!.owner;
  const to = `buyer-${(n * 11 + 3) % BUYERS}`;
  const parts = lines.map(({ order, line, quantity, item }) => ({ order, line, quantity, item }));
  return {
    type: 'lading.reallocation.made.v1',
    data: {
      reallocation: `RA-${n}`,
      kind: 'reassigned',
      from,
      to,
      lines: parts,
      reasonCode: n % 3 === 0 ? 'priority' : 'shortage',
      moves: lines.map((line) => owned(line, to)),
    },
  };
}

function* swapped(n: number, one: Line[], other: Line[]): Generator<Fact> {
  const [a, b] = [one[0]!.owner, other[0]!.owner];
  if (a === b || one[0]!.stage !== 'ordered') return;
  const legs = [...one.map((line) => ({ line, to: b })), ...other.map((line) => ({ line, to: a }))];
  const terms = legs.map(({ line: { order, line, quantity, item, owner }, to }) => ({
    from: owner,
    to,
    order,
    line,
    quantity,
    item,
    window,
  }));
  const swap = `SW-${n}`;
  yield { type: 'lading.swap.proposed.v1', data: { swap, by: a, reasonCode: 'exchange', legs: terms } };
  yield { type: 'lading.swap.accepted.v1', data: { swap, by: b } };
  yield {
    type: 'lading.swap.executed.v1',
    data: { swap, by: a, legs: terms, moves: legs.map(({ line, to }) => owned(line, to)) },
  };
}

const carrierOf = (n: number): string => CARRIERS[n % CARRIERS.length] ?? 'dhl';
const serials = (line: Line, { quantity }: Line) => ({
  prefix: `${line.order}-${line.line}-`,
  from: 1,
  to: quantity,
  digits: 4,
});

const dispatched = (n: number, lines: Line[]): Fact => ({
  type: 'lading.shipment.dispatched.v1',
  data: {
    shipment: `S-${n}`,
    consignee: lines[0]!.owner,
    carrier: carrierOf(n),
    destination: 'Austin',
    lines: lines.map((line, at) => ({
      ...base(line),
      quantity: line.quantity,
      // Says so, and moves nothing else for it: so the sums of the bench stay what they are.
      ...(at === 1 && n % 7 === 0 && { substitutes: { order: line.order, line: '1', item: 'D1' } }),
    })),
    moves: lines.map((line) => ({
      ...move(line, at(line.owner, SUPPLIER, 'ordered'), at(line.owner, carrierOf(n), 'in_transit', `S-${n}`)),
      ...(line.item === 'D1' && { serials: serials(line, line) }),
    })),
  },
});

function received(n: number, lines: Line[]): Fact {
  const by = lines[0]!.owner;
  const damaged = n % 30 === 11 ? 1 : 0;
  const from = (line: Line) => at(line.owner, carrierOf(n), 'in_transit', `S-${n}`);
  return {
    type: 'lading.shipment.received.v1',
    data: {
      shipment: `S-${n}`,
      by,
      final: true,
      lines: lines.map((line) => ({
        ...base(line),
        advised: line.quantity,
        received: line.quantity - damaged,
        damaged,
      })),
      moves: lines.flatMap((line) => [
        move({ ...line, quantity: line.quantity - damaged }, from(line), at(line.owner, by, 'held')),
        ...(damaged > 0 ? [move({ ...line, quantity: damaged }, from(line), at(line.owner, by, 'damaged'))] : []),
      ]),
    },
  };
}
