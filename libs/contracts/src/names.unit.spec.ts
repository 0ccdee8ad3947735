import { describe, expect, it } from 'vitest';
import { type EventType, eventTypes } from './catalog.ts';
import { examples } from './examples.ts';
import { eachName, type Naming, namingIn } from './names.ts';

const named = (naming: Naming, value: object): string[] => {
  const found: string[] = [];
  eachName(naming, value, (id, { what, field }) => found.push(`${what} ${id} (${field})`));
  return found;
};
const submitted = (type: EventType) => named(namingIn(type).submitted, examples[type]);

describe('what an event names', () => {
  it('is told by the schema of its type: each id with what it names, in the order of the fields, in lists as well', () => {
    expect(submitted('lading.order.placed.v1')).toEqual([
      'order PO-TSLA-1 (order)',
      'party tesla (buyer)',
      'party nvidia (supplier)',
      'line 1 (line)',
      'item H100 (item)',
    ]);
    expect(submitted('lading.reallocation.made.v1')).toEqual([
      'reallocation RA-1 (reallocation)',
      'party tesla (from)',
      'party x (to)',
      'order PO-TSLA-1 (order)',
      'line 1 (line)',
      'shipment S-1 (shipment)',
    ]);
  });

  it('of a completed event includes whose units it moves, and where', () => {
    const place = { owner: 'x', custodian: 'dhl', stage: 'in_transit', shipment: 'S-1' };
    const moves = [
      { item: 'H100', order: 'PO-1', line: '1', quantity: 1, from: place, to: { ...place, owner: 'xai' } },
    ];
    const { completed } = namingIn('lading.shipment.lost.v1');
    expect(named(completed, { moves })).toEqual(
      expect.arrayContaining(['party x (owner)', 'party xai (owner)', 'party dhl (custodian)', 'item H100 (item)']),
    );
  });

  it('never includes who controls, authorises or makes: those are free ids', () => {
    for (const type of eventTypes) {
      expect(submitted(type).filter((name) => /controlledBy|authorisedBy|maker|elon/.test(name))).toEqual([]);
    }
  });

  it('is nothing for a type that a later version adds', () => {
    expect(named(namingIn('lading.later.thing.v9' as EventType).completed, { party: 'x' })).toEqual([]);
  });
});
