import { type Or, type Rejected, reject } from '../decision.ts';
import type { LineOf } from '../order/line.ts';
import { find, type View } from '../view.ts';

/** How a line's units are tracked. The item was registered when the line was placed; `unknown-item` if it was not loaded. */
export const trackingOf = (view: View, { item }: Pick<LineOf, 'item'>): Or<'quantity' | 'serial'> =>
  find(view, 'item', item)?.data.tracking ?? unknownItem(item);

export const unknownItem = (item: string) =>
  reject('unknown-item', `The item ${item} is not registered in this ledger. Register it first.`, { item });

export const wrongTracking = ({ order, line, item }: LineOf): Rejected =>
  reject(
    'wrong-tracking',
    `${item} is tracked by quantity: its units have no serial numbers. Leave them out of line ${line} of order ${order}.`,
    { order, line, item, tracking: 'quantity' },
  );
