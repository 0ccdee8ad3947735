import type { LineState, OrderState } from '../engine/ledgerState.ts';
import { bigint, day, id, inOrder, int, moment, optional, Table, text } from '../engine/table.ts';
import type { Model } from '../model.ts';

// `placed` is when the order was placed, `sequence` is the event that placed it.
const orders = new Table('orders', {
  columns: { order: id, buyer: id, supplier: id, placed: moment, sequence: bigint },
  key: ['order'],
});

// A line's quantity does not count what was cancelled; `cancelled` does not go down when a cancelled unit is sold to somebody else.
// `n` keeps the lines as the order gave them, and `due_first` until when each was ordered, however its window was moved since. `promise` is what the supplier confirmed last, as JSON: no question looks into it.
const lines = new Table('order_lines', {
  columns: {
    order: id,
    line: id,
    n: int,
    item: id,
    due_first: day,
    quantity: bigint,
    cancelled: bigint,
    window_from: day,
    window_to: day,
    promise: optional(text),
  },
  key: ['order', 'line'],
  fillfactor: 90,
});

const place = orders.insert<OrderState>({
  order: ({ order }) => order,
  buyer: ({ buyer }) => buyer,
  supplier: ({ supplier }) => supplier,
  placed: ({ placed }) => placed,
  sequence: ({ sequence }) => sequence,
});

const changing = {
  order: ({ order }: LineState) => order,
  line: ({ line }: LineState) => line,
  quantity: ({ quantity }: LineState) => quantity,
  cancelled: ({ cancelled }: LineState) => cancelled,
  window_from: ({ from }: LineState) => from,
  window_to: ({ to }: LineState) => to,
  promise: ({ promise }: LineState) => (promise === null ? null : JSON.stringify(promise)),
};
const addLines = lines.insert<LineState>({
  ...changing,
  n: ({ n }) => n,
  item: ({ item }) => item,
  due_first: ({ dueFirst }) => dueFirst,
});
const changeLines = lines.update<LineState>(changing);

const removeLines = lines.remove<LineState>({ order: ({ order }) => order, line: ({ line }) => line });
const remove = orders.remove<{ readonly order: string }>({ order: ({ order }) => order });

export const ordersModel: Model = {
  tables: [orders, lines],
  apply: ({ ledger, placed, openedLines, changedLines }, db) =>
    inOrder(db, ledger, [place, placed], [addLines, openedLines], [changeLines, [...changedLines]]),
  undo: async ({ event }, { ledger, changedLines, removedLines }, db) => {
    await changeLines(db, ledger, [...changedLines]);
    await removeLines(db, ledger, removedLines);
    if (event.type === 'lading.order.placed.v1') await remove(db, ledger, [event.data]);
  },
};
