import type { LedgerEvent } from '#contracts/cloudEvent';
import { keyOf } from '#contracts/scalars';
import { groupBy } from '../reading/groupBy.ts';
import { distinct, perLine, type RaisedFlag } from './rules.ts';

type Dispatch = LedgerEvent<'lading.shipment.dispatched.v1'>;

/** `over-shipped`: a supplier sent more units than their owner had ordered, and said so. One flag an item and owner. */
export function overShipped({ sequence, data }: Dispatch): RaisedFlag[] {
  const beyond = data.moves.filter(({ from, to }) => from.stage === 'supply' && to.stage === 'in_transit');
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
