import type { LedgerEvent } from '#contracts/cloudEvent';
import { keyOf } from '#contracts/scalars';
import { groupBy } from '../reading/groupBy.ts';
import { replacing } from '../orders/substitutes.ts';
import { distinct, perLine, type RaisedFlag } from './rules.ts';

type Dispatch = LedgerEvent<'lading.shipment.dispatched.v1'>;
type Receipt = LedgerEvent<'lading.shipment.received.v1'>;

/** `over-shipped`: a supplier sent more units than their owner had ordered, and said so. One flag an item and owner. */
export function overShipped({ sequence, data }: Dispatch): RaisedFlag[] {
  // What replaces other units is as many as they are.
  const instead = new Set(replacing(data.lines).map(({ order, line }) => keyOf(order, line)));
  const beyond = data.moves.filter(
    ({ order, line, from, to }) =>
      from.stage === 'supply' && to.stage === 'in_transit' && !instead.has(keyOf(order, line)),
  );
  return [...groupBy(beyond, ({ item, to }) => keyOf(item, to.owner)).values()].flatMap((moves): RaisedFlag[] => {
    const [first] = moves;
    if (first === undefined) return [];
    const { owner: supplier } = first.from;
    const { owner } = first.to;
    return [
      {
        sequence,
        rule: 'over-shipped',
        parties: distinct(supplier, owner),
        item: first.item,
        facts: { shipment: data.shipment, supplier, owner, lines: perLine(moves) },
        events: [sequence],
      },
    ];
  });
}

/**
 * `substituted`: another item than ordered was sent, or found in place of what was sent. One flag for each owner, ordered item and item
 * that came; `by` received it.
 */
export function substituted({ sequence, data }: Dispatch | Receipt): RaisedFlag[] {
  const supplier = data.moves?.find(({ to }) => to.stage === 'supply')?.to.owner;
  const lines = replacing(data.lines).filter(({ quantity }) => quantity > 0);
  const groups = groupBy(lines, ({ owner, item, ordered }) => keyOf(owner, ordered.item, item));
  return [...groups.values()].flatMap((all): RaisedFlag[] => {
    const [first] = all;
    if (first === undefined) return [];
    const { owner, item, ordered } = first;
    const by = 'by' in data ? { by: data.by } : {};
    return [
      {
        sequence,
        rule: 'substituted',
        parties: distinct(owner, ...(supplier === undefined ? [] : [supplier]), ...Object.values(by)),
        item: ordered.item,
        facts: {
          ...{ shipment: data.shipment, owner, ordered: ordered.item, sent: item, ...by },
          lines: all.map(({ order, line, quantity, ordered: { item: _, ...of } }) => ({
            ...{ order, line, quantity },
            substitutes: of,
          })),
        },
        events: [sequence],
      },
    ];
  });
}
