import { isPartiesStage } from '#ledger/account';
import { inKey, keyOf, type PartiesStage, type Window } from '#contracts/scalars';
import type { Batch } from '../engine/batch.ts';
import { dueOf, type LineState, type OrderState, ownedKey } from '../engine/ledgerState.ts';
import { PoisonEvent } from '#feed/poison';
import { bigint, bool, day, id, int, Table } from '../engine/table.ts';
import type { Model } from '../model.ts';

// A row is what one owner has or is promised of one order line. Lines that still wait for something are indexed in the queue's order.
// What it waits for is due in the window that the supplier is held to. `placed` is the sequence of the event that placed the order.
const queue = new Table('queue', {
  columns: {
    order: id,
    line: id,
    owner: id,
    item: id,
    due_from: day,
    due_to: day,
    placed: bigint,
    n: int,
    ordered: bigint,
    in_transit: bigint,
    held: bigint,
    damaged: bigint,
    waiting: bool,
  },
  key: ['order', 'line', 'owner'],
  fillfactor: 85,
  indexes: {
    queue_waiting: {
      on: ['item', 'due_from', 'due_to', 'placed', 'n', 'owner'],
      where: 'waiting',
      forQuestions: true,
    },
    // By the event that placed the order: the order of the flags.
    queue_late: { on: ['placed', 'line', 'owner'], where: 'waiting', forQuestions: true },
  },
});

// What suppliers promise of an item, by the window that they are held to: of all orders together (`buyer` is empty), and of the orders of
// each buyer.
const promises = new Table('promises', {
  columns: {
    item: id,
    buyer: id,
    supplier: id,
    due_to: day,
    due_from: day,
    promised: bigint,
    dispatched: bigint,
    reallocated: bigint,
  },
  key: ['item', 'buyer', 'supplier', 'due_to', 'due_from'],
  fillfactor: 85,
});

/** What a batch brings to an owner's units of a line, or takes from them, stage by stage. */
interface Share extends Record<PartiesStage, number> {
  readonly owner: string;
  readonly line: LineState;
  readonly order: OrderState;
  /** Whether the owner has units of the line for the first time. */
  readonly isNew: boolean;
}

const counted = {
  order: ({ order }: Share) => order.order,
  line: ({ line }: Share) => line.line,
  owner: ({ owner }: Share) => owner,
  ordered: ({ ordered }: Share) => ordered,
  in_transit: ({ in_transit }: Share) => in_transit,
  held: ({ held }: Share) => held,
  damaged: ({ damaged }: Share) => damaged,
};

const enter = queue.insert<Share>({
  ...counted,
  item: ({ line }) => line.item,
  due_from: ({ line }) => dueOf(line).from,
  due_to: ({ line }) => dueOf(line).to,
  placed: ({ order }) => order.sequence,
  n: ({ line }) => line.n,
  waiting: ({ ordered, in_transit }) => ordered + in_transit > 0,
});

const change = queue.update<Share>(counted, {
  ordered: 'stored.ordered + given.ordered',
  in_transit: 'stored.in_transit + given.in_transit',
  held: 'stored.held + given.held',
  damaged: 'stored.damaged + given.damaged',
  waiting: 'stored.ordered + given.ordered + stored.in_transit + given.in_transit > 0',
});

// The window is the line's, whoever owns its units.
const changeDue = queue.update<LineState>(
  {
    order: ({ order }) => order,
    line: ({ line }) => line,
    due_from: (line) => dueOf(line).from,
    due_to: (line) => dueOf(line).to,
  },
  undefined,
  ' AND (stored.due_from, stored.due_to) <> (given.due_from, given.due_to)',
);

const removeLines = queue.remove<LineState>({ order: ({ order }) => order, line: ({ line }) => line });

export const queueModel: Model = {
  tables: [queue, promises],
  apply: async (batch, db) => {
    const shares = sharesOf(batch);
    const known = shares.filter(({ isNew }) => !isNew);
    await enter(
      db,
      batch.ledger,
      shares.filter(({ isNew }) => isNew),
    );
    await change(db, batch.ledger, known);
    await changeDue(db, batch.ledger, [...batch.changedLines]);
    await removeLines(db, batch.ledger, batch.removedLines);
    const promised = promisesIn(batch);
    await addPromises(db, batch.ledger, promised);
    await forgetPromises(
      db,
      batch.ledger,
      promised.filter(({ promised }) => promised < 0),
    );
  },
};

function sharesOf(batch: Batch): Share[] {
  const shares = new Map<string, Share>();
  for (const { account: state, quantity, sequence } of batch.postings) {
    const { order: id, line: name, owner, stage } = state.account;
    if (!isPartiesStage(stage)) continue;
    const key = `${inKey(id)}|${ownedKey(name, owner)}`;
    let share = shares.get(key);
    if (share === undefined) {
      const order = batch.orders.get(id) ?? batch.removed.find((one) => one.order === id);
      const line = order?.lines.get(name) ?? batch.removedLines.find((one) => one.order === id && one.line === name);
      if (batch.isOfPast && line === undefined) continue;
      if (order === undefined || line === undefined) throw new PoisonEvent(sequence, `order ${id} has no line ${name}`);
      share = { owner, line, order, isNew: batch.isFirstOwned(state), ordered: 0, in_transit: 0, held: 0, damaged: 0 };
      shares.set(key, share);
    }
    share[stage] += quantity;
  }
  return [...shares.values()];
}

/**
 * What the supplier of a line promises: what it confirmed of the units that are ordered, all of them before it confirmed any, and whatever
 * it has sent already. Of these, how many it has sent, and how many of the others a reallocation or swap has given to somebody else.
 */
function promisedOf({ quantity, promise, ordered, reallocated }: LineState) {
  const confirmed = promise?.stands === true ? Math.min(promise.quantity, quantity) : quantity;
  const dispatched = Math.max(0, quantity - ordered);
  const promised = Math.max(confirmed, dispatched);
  return { promised, dispatched, reallocated: Math.min(reallocated, promised - dispatched) };
}

/** What the lines of one supplier, item, buyer and window have more of, or less. */
interface Promised {
  readonly item: string;
  readonly supplier: string;
  readonly buyer: string;
  readonly due: Window;
  promised: number;
  dispatched: number;
  reallocated: number;
}

const byWindow = {
  item: ({ item }: Promised) => item,
  supplier: ({ supplier }: Promised) => supplier,
  buyer: ({ buyer }: Promised) => buyer,
  due_to: ({ due }: Promised) => due.to,
  due_from: ({ due }: Promised) => due.from,
};
const addPromises = promises.add<Promised>(
  {
    ...byWindow,
    promised: ({ promised }) => promised,
    dispatched: ({ dispatched }) => dispatched,
    reallocated: ({ reallocated }) => reallocated,
  },
  ['promised', 'dispatched', 'reallocated'],
);

/** What is promised for no window any more leaves no row: tables are the same whatever the batches were. */
const forgetPromises = promises.over<Promised>(
  byWindow,
  (given) => `DELETE FROM promises stored USING ${given}
    WHERE stored.ledger = $1 AND stored.item = given.item AND stored.buyer = given.buyer AND stored.supplier = given.supplier
      AND stored.due_to = given.due_to AND stored.due_from = given.due_from
      AND (stored.promised, stored.dispatched, stored.reallocated) = (0, 0, 0)`,
);

function promisesIn({ linesBefore, orders, removed, removedLines }: Batch): Promised[] {
  const changes = new Map<string, Promised>();
  const count = (line: LineState, sign: 1 | -1): void => {
    const order = orders.get(line.order) ?? removed.find((one) => one.order === line.order);
    if (order === undefined) return;
    const { supplier } = order;
    const { item } = line;
    const due = dueOf(line);
    const { promised, dispatched, reallocated } = promisedOf(line);
    for (const buyer of ['', order.buyer]) {
      const key = keyOf(item, supplier, buyer, due.to, due.from);
      let change = changes.get(key);
      if (change === undefined)
        changes.set(key, (change = { item, supplier, buyer, due, promised: 0, dispatched: 0, reallocated: 0 }));
      change.promised += sign * promised;
      change.dispatched += sign * dispatched;
      change.reallocated += sign * reallocated;
    }
  };
  for (const [line, before] of linesBefore) {
    if (before !== undefined) count(before, -1);
    if (!removedLines.includes(line)) count(line, 1);
  }
  return [...changes.values()].filter(
    ({ promised, dispatched, reallocated }) => promised !== 0 || dispatched !== 0 || reallocated !== 0,
  );
}
