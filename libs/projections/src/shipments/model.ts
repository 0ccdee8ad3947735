import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { keyOf, microseconds } from '#contracts/scalars';
import type { Restored } from '#contracts/ledgerEvents';
import type { Batch, BookedMove } from '../engine/batch.ts';
import { inOrder } from '../engine/table.ts';
import { hasArrived } from '../flags/rules.ts';
import type { Model } from '../model.ts';
import {
  addLines,
  forgetLines,
  lookWhenArrived,
  type ShipmentLine,
  shipments,
  type State,
  STATES,
  tables,
} from './tables.ts';

export const shipmentsModel: Model = {
  tables,
  apply: (batch, db) =>
    inOrder(
      db,
      batch.ledger,
      [dispatch, firstDispatches(batch)],
      [changeHeaders, headerChanges(batch)],
      [addLines, linesOf(batch.events, batch.moves)],
    ),
  undo: async ({ event, restored }, batch, db) => {
    const { ledger } = batch;
    const less = linesOf(
      [event],
      movesOf(event).map((move) => ({ event, move })),
    );
    for (const line of less) {
      for (const state of STATES) line[state] = -line[state];
      line.arrived = null;
    }
    await addLines(db, ledger, less);
    await forgetLines(db, ledger, less);
    if (event.type === 'lading.shipment.received.v1') await lookWhenArrived(db, ledger, less);
    const { shipments: before = [] } = restored;
    await putHeaders(db, ledger, before);
    for (const { shipment, destination, eta } of before) {
      if (destination === null || eta === null)
        await db.query(NOTHING_SAID, [ledger, shipment, destination === null, eta === null]);
    }
    if (event.type !== 'lading.shipment.dispatched.v1') return;
    const { shipment } = event.data;
    if (!before.some((one) => one.shipment === shipment)) await forget(db, ledger, [event]);
  },
};

type Dispatched = LedgerEvent<'lading.shipment.dispatched.v1'>;

// A shipment that is dispatched again keeps its header.
const dispatch = shipments.insertNew<Dispatched>({
  shipment: ({ data }) => data.shipment,
  consignee: ({ data }) => data.consignee,
  carrier: ({ data }) => data.carrier,
  destination: ({ data }) => data.destination ?? null,
  eta: ({ data }) => data.eta ?? null,
  dispatched: ({ time }) => microseconds(time),
  final: () => false,
  sequence: ({ sequence }) => sequence,
});

function firstDispatches({ events }: Batch): Dispatched[] {
  const first = new Map<string, Dispatched>();
  for (const event of events) {
    if (event.type === 'lading.shipment.dispatched.v1' && !first.has(event.data.shipment))
      first.set(event.data.shipment, event);
  }
  return [...first.values()];
}

interface HeaderChange {
  readonly shipment: string;
  consignee?: string;
  carrier?: string;
  destination?: string;
  eta?: string;
  final?: boolean;
}

const changeHeaders = shipments.update<HeaderChange>(
  {
    shipment: ({ shipment }) => shipment,
    consignee: ({ consignee }) => consignee ?? null,
    carrier: ({ carrier }) => carrier ?? null,
    destination: ({ destination }) => destination ?? null,
    eta: ({ eta }) => eta ?? null,
    final: ({ final }) => final ?? false,
  },
  {
    consignee: 'coalesce(given.consignee, stored.consignee)',
    carrier: 'coalesce(given.carrier, stored.carrier)',
    destination: 'coalesce(given.destination, stored.destination)',
    eta: 'coalesce(given.eta, stored.eta)',
    final: 'stored.final OR given.final',
  },
);

function headerChanges({ events }: Batch): HeaderChange[] {
  const changes = new Map<string, HeaderChange>();
  const changeOf = (shipment: string): HeaderChange => {
    const change = changes.get(shipment) ?? { shipment };
    changes.set(shipment, change);
    return change;
  };
  for (const { type, data } of events) {
    if (type === 'lading.shipment.rescheduled.v1') {
      const change = changeOf(data.shipment);
      for (const part of ['consignee', 'carrier', 'destination', 'eta'] as const) {
        if (data[part] !== undefined) change[part] = data[part];
      }
    }
    if ('consignees' in data) {
      for (const { shipment, consignee, destination, eta } of data.consignees ?? []) {
        const change = changeOf(shipment);
        change.consignee = consignee;
        if (destination !== undefined) change.destination = destination;
        if (eta !== undefined) change.eta = eta;
      }
    }
    if ('final' in data && data.final === true) changeOf(data.shipment).final = true;
  }
  return [...changes.values()];
}

const forget = shipments.remove<Dispatched>({ shipment: ({ data }) => data.shipment });
type Header = NonNullable<Restored['shipments']>[number];
const putHeaders = shipments.over<Header>(
  {
    shipment: ({ shipment }) => shipment,
    consignee: ({ consignee }) => consignee ?? null,
    carrier: ({ carrier }) => carrier ?? null,
    destination: ({ destination }) => destination ?? null,
    eta: ({ eta }) => eta ?? null,
    final: ({ final }) => final ?? null,
  },
  (given) => `
    UPDATE shipments stored SET consignee = coalesce(given.consignee, stored.consignee),
      carrier = coalesce(given.carrier, stored.carrier), destination = coalesce(given.destination, stored.destination),
      eta = coalesce(given.eta, stored.eta), final = coalesce(given.final, stored.final)
    FROM ${given} WHERE stored.ledger = $1 AND stored.shipment = given.shipment`,
);
const NOTHING_SAID =
  'UPDATE shipments SET destination = CASE WHEN $3 THEN NULL ELSE destination END, eta = CASE WHEN $4 THEN NULL ELSE eta END WHERE ledger = $1 AND shipment = $2';

type LineOf = (shipment: string, order: string, line: string, owner: string, item: string) => ShipmentLine;

type MovedBy = Pick<BookedMove, 'event' | 'move'>;

/** What the events change of each line. */
function linesOf(events: readonly LedgerEvent[], moves: readonly MovedBy[]): ShipmentLine[] {
  const found = new Map<string, ShipmentLine>();
  const nothing = {
    advised: 0,
    received: 0,
    damaged: 0,
    surplus: 0,
    lost: 0,
    refused: 0,
    in_transit: 0,
    arrived: null,
  };
  const lineOf: LineOf = (shipment, order, line, owner, item) => {
    const key = keyOf(shipment, order, line, owner);
    const own = found.get(key) ?? { shipment, order, line, owner, item, ...nothing };
    found.set(key, own);
    return own;
  };
  for (const { event, move } of moves) {
    count(move, lineOf);
    if (event.type === 'lading.shipment.received.v1') {
      turnUp(event.data.shipment, move, lineOf);
      comeInstead(event.data.shipment, move, lineOf);
      if (hasArrived(move)) {
        const { order, line, item, to } = move;
        const own = lineOf(event.data.shipment, order, line, to.owner, item);
        own.arrived = Math.max(own.arrived ?? -Infinity, microseconds(event.time));
      }
    }
  }
  for (const event of events) {
    if (event.type !== 'lading.shipment.received.v1') continue;
    for (const { order, line, owner, item, surplus } of event.data.lines) {
      if (surplus !== undefined && surplus > 0)
        lineOf(event.data.shipment, order, line, owner, item).surplus += surplus;
    }
  }
  return [...found.values()];
}

/** Where units that leave a shipment are counted. */
const ARRIVED: Readonly<Partial<Record<string, State>>> = {
  held: 'received',
  damaged: 'damaged',
  lost: 'lost',
  returned: 'refused',
};

/** Onto a shipment units are advised; off it they arrived somehow, or (another owner, another shipment) are advised there. */
function count({ item, order, line, quantity, from, to }: Move, lineOf: LineOf): void {
  if (from.shipment !== undefined) {
    const off = lineOf(from.shipment, order, line, from.owner, item);
    off.in_transit -= quantity;
    off[ARRIVED[to.stage] ?? 'advised'] += ARRIVED[to.stage] === undefined ? -quantity : quantity;
  }
  if (to.shipment !== undefined) {
    const onto = lineOf(to.shipment, order, line, to.owner, item);
    onto.in_transit += quantity;
    onto[ARRIVED[from.stage] ?? 'advised'] += ARRIVED[from.stage] === undefined ? quantity : -quantity;
  }
}

/** Units that were found on a shipment in place of others: by what is known now, they were on it from the start. */
function comeInstead(shipment: string, move: Move, lineOf: LineOf): void {
  const { item, order, line, quantity, from, to } = move;
  const arrived = ARRIVED[to.stage];
  if (from.shipment !== undefined || from.stage === 'lost' || arrived === undefined || !hasArrived(move)) return;
  const found = lineOf(shipment, order, line, to.owner, item);
  found.advised += quantity;
  found[arrived] += quantity;
}

/** Units that were lost of a shipment and are received after all. */
function turnUp(shipment: string, { item, order, line, quantity, from, to }: Move, lineOf: LineOf): void {
  const arrived = ARRIVED[to.stage];
  if (from.stage !== 'lost' || arrived === undefined) return;
  const found = lineOf(shipment, order, line, from.owner, item);
  found.lost -= quantity;
  found[arrived] += quantity;
}
