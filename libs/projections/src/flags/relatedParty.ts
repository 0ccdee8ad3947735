import type { LedgerEvent } from '#contracts/cloudEvent';
import { groupBy } from '../reading/groupBy.ts';
import { commonControllers, type Controls } from './controls.ts';
import { perLine, type Raised } from './raised.ts';

type Handover = LedgerEvent<'lading.reallocation.made.v1' | 'lading.swap.executed.v1'>;

/**
 * `related-party`: a reallocation, or an executed swap, between parties of which one controls the other or both have a controller in
 * common, as known at the event. One flag a pair of parties and an item.
 */
export function relatedParty(event: Handover, controls: Controls, proposed: number | undefined): Raised[] {
  const changes = event.data.moves.filter(({ from, to }) => from.owner !== to.owner);
  const pairs = groupBy(changes, ({ item, from, to }) => [...[from.owner, to.owner].sort(), item].join('|'));
  return [...pairs.values()].flatMap((moves): Raised[] => {
    const [first] = moves;
    if (first === undefined) return [];
    const { item, from, to } = first;
    const controllers = commonControllers(from.owner, to.owner, controls);
    if (controllers.length === 0) return [];
    return [
      {
        sequence: event.sequence,
        rule: 'related-party',
        parties: [from.owner, to.owner],
        item,
        facts: { ...nameOf(event), controllers, lines: perLine(moves) },
        events: [...(proposed === undefined ? [] : [proposed]), event.sequence],
      },
    ];
  });
}

const nameOf = (event: Handover): Record<string, unknown> =>
  event.type === 'lading.swap.executed.v1'
    ? { swap: event.data.swap }
    : { reallocation: event.data.reallocation, kind: event.data.kind, authorisedBy: event.data.authorisedBy };
