import type { Submitted } from '#contracts/catalog';
import { withMore } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { book } from '../booking/book.ts';
import type { Draw } from '../booking/draw.ts';
import { allBroughtBack } from '../booking/origins.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import type { Order } from '../entity.ts';
import { knownEntity, type View } from '../view.ts';
import { newLine } from './evolveOrder.ts';

type Placed = Submitted<'lading.order.placed.v1'>;

/** Places an order: each line's units come from its supplier's supply and are ordered for the buyer. */
export const placeOrder: Rule<'lading.order.placed.v1'> = (data, { view, time }) => {
  const stranger = whyNoSupplier(knownEntity(view, 'party', data.supplier).data);
  if (stranger !== undefined) return stranger;
  const moves = movesOf(data, view, time);
  return isRejected(moves) ? moves : accept<'lading.order.placed.v1'>(withMore(data, { moves }));
};

/** Whoever is to supply is registered as a supplier. */
export const whyNoSupplier = ({ party, roles }: { party: string; roles: readonly string[] }): Rejected | undefined =>
  roles.includes('supplier')
    ? undefined
    : reject('unknown-party', `${party} is not registered as a supplier. Register it again with the role supplier.`, {
        party,
        role: 'supplier',
      });

/** Adds lines to an order that is there, as if they had been placed with it. */
export const addLines: Rule<'lading.order.lines_added.v1'> = (data, { view, time }) => {
  const { order: id, lines } = data;
  const { buyer, supplier, index, lines: there } = knownEntity(view, 'order', id);
  const again = lines.map(({ line }) => line).filter((line) => index.has(line));
  const [first] = again;
  if (first !== undefined) {
    const { item, quantity, window, said } = there[index.get(first) ?? 0] ?? {};
    return reject(
      'already-exists',
      `Order ${id} has a line ${first} already. Change that line, or give the new one another name.`,
      { order: id, line: first, lines: again, there: { item, quantity, window }, event: said?.quantity },
    );
  }
  const moves = movesOf({ order: id, buyer, supplier, lines }, view, time);
  return isRejected(moves) ? moves : accept<'lading.order.lines_added.v1'>(withMore(data, { moves }));
};

/** Units that are named may come back from where they are. */
function movesOf(placed: Placed, view: View, time: string): OrRejected<Move[]> {
  const ordered = drawsOf(placed, view, time);
  const isNamed = ordered.some(({ serials }) => serials !== undefined);
  const draws = isNamed ? allBroughtBack(view, ordered, () => placed.supplier, false) : ordered;
  return isRejected(draws) ? draws : book(view, draws);
}

function drawsOf({ order: id, buyer, supplier, lines }: Placed, view: View, time: string): Draw[] {
  const from = { owner: supplier, custodian: supplier, stage: 'supply' } as const;
  const to = { owner: buyer, custodian: supplier, stage: 'ordered' } as const;
  const order: Order = { kind: 'order', version: 0, order: id, buyer, supplier, lines: [], index: new Map() };
  return lines.map(({ line, item, quantity, window, serials }) => {
    const { tracking } = knownEntity(view, 'item', item).data;
    const state = newLine({ line, item, quantity: 0, window }, { time, sequence: 0, id: '' });
    return { line: { goods: { order: id, line, item }, order, state, tracking }, from, to, quantity, serials };
  });
}
