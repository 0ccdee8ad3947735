import type { Submitted } from '#contracts/catalog';
import { book } from '../booking/book.ts';
import type { Draw } from '../booking/draw.ts';
import { unknownItem } from '../booking/tracking.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Rejected, reject } from '../decision.ts';
import type { Order, OrderLine } from '../entity.ts';
import { unregistered } from '../party/registered.ts';
import { find, type View } from '../view.ts';

type Placed = Submitted<'lading.order.placed.v1'>;

/** Places an order: each line's units come from its supplier's supply and are ordered for the buyer. */
export const placeOrder: Rule<'lading.order.placed.v1'> = (data, view) => {
  if (find(view, 'order', data.order) !== undefined) {
    return reject('already-exists', `Order ${data.order} is placed already. Change its lines, or use another id.`, {
      order: data.order,
    });
  }
  const unknown = strangers(view, data) ?? unknownItems(view, data);
  if (unknown !== undefined) return unknown;

  const moves = book(view, drawsOf(data));
  return isRejected(moves) ? moves : accept<'lading.order.placed.v1'>({ ...data, moves });
};

function strangers(view: View, { buyer, supplier }: Placed): Rejected | undefined {
  const unknown = unregistered(view, [
    ['buyer', buyer],
    ['supplier', supplier],
  ]);
  if (unknown !== undefined) return unknown;
  if (find(view, 'party', supplier)?.data.roles.includes('supplier') === true) return undefined;
  return reject(
    'unknown-party',
    `${supplier} is not registered as a supplier. Register it again with the role supplier.`,
    {
      party: supplier,
      role: 'supplier',
    },
  );
}

function unknownItems(view: View, { lines }: Placed): Rejected | undefined {
  // All are asked for before the first is answered, so that they are loaded at once.
  const missing = lines.filter(({ item }) => find(view, 'item', item) === undefined);
  return missing[0] && unknownItem(missing[0].item);
}

function drawsOf({ order, buyer, supplier, lines }: Placed): Draw[] {
  const from = { owner: supplier, custodian: supplier, stage: 'supply' } as const;
  const to = { owner: buyer, custodian: supplier, stage: 'ordered' } as const;
  const of: Order = { kind: 'order', version: 0, order, buyer, supplier, lines: [], index: new Map() };
  return lines.map(({ line, item, quantity, window, serials }) => {
    const is: OrderLine = { line, item, quantity: 0, window, accounts: new Map(), dispatched: new Map() };
    return { line: { order, line, item, of, is }, from, to, quantity, serials };
  });
}
