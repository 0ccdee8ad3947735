import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { accepted, dispatched, of, placed, proposed, received } from '#test/ledger/facts';
import { Dice, happens } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { given } from '#test/ledger/story';
import { seed } from '#test/setup/seed';
import type { Entity, Order } from './entity.ts';
import { evolve, foldOn, isFoldedAnew, standingIn, touched } from './evolve.ts';
import { approximateBytes, fromJson, toJson } from './serialisable.ts';

const one = of('PO-1', '1');
const story = given(
  placed('PO-1', 'tesla', 100, 50),
  placed('PO-X', 'x', 1),
  dispatched('S-1', [{ ...one, quantity: 60 }]),
  received('S-1', 'x', [{ ...one, received: 10 }]),
  proposed('SW-1', 'x', [
    { from: 'tesla', to: 'x', ...one, quantity: 1 },
    { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 1 },
  ]),
  accepted('SW-1', 'tesla'),
);
const { entities, events } = story.ledger;

const steps = fc.noBias(
  fc.array(fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 }), { minLength: 10, maxLength: 50 }),
);

describe('an entity', () => {
  it('an event makes a new entity and leaves the old one as it was; lines that did not change are shared', () => {
    const before = entities.get('order/PO-1') as Order;
    const written = JSON.stringify(toJson(before));
    const event = { ...events.find(({ type }) => type === 'lading.shipment.dispatched.v1')!, sequence: 99 };
    const after = evolve('order/PO-1', before, event) as Order;
    expect(JSON.stringify(toJson(before))).toBe(written);
    expect(after.version).toBe(99);
    expect(after.lines[0]).not.toBe(before.lines[0]);
    expect(after.lines[1]).toBe(before.lines[1]);
    expect(after.index).toBe(before.index);
  });

  it('an entity is the same after it was written as JSON and read again', () => {
    for (const entity of entities.values()) {
      const again = fromJson(JSON.parse(JSON.stringify(toJson(entity))));
      expect(JSON.stringify(toJson(again))).toBe(JSON.stringify(toJson(entity)));
      expect(approximateBytes(entity)).toBeGreaterThan(50);
    }
    const order = fromJson(JSON.parse(JSON.stringify(toJson(entities.get('order/PO-1')!))));
    expect(order).toEqual(entities.get('order/PO-1'));
  });

  it('JSON that is no entity is not read as one', () => {
    for (const bad of [null, 1, {}, { kind: 'planet' }]) expect(() => fromJson(bad)).toThrow('not an entity');
  });

  it('an order remembers only the shipments that its units are on, and does not grow with each delivery', () => {
    const delivery = given(placed('PO-1', 'tesla', 2), dispatched('S-1', [{ ...one, quantity: 2 }]));
    const onTheWay = () => [...(delivery.ledger.entity('order/PO-1') as Order).lines[0]!.dispatched.keys()];
    delivery.take(received('S-1', 'x', [{ ...one, received: 1 }]));
    expect(onTheWay()).toEqual(['S-1']);
    delivery.take(received('S-1', 'x', [{ ...one, received: 1 }]));
    expect(onTheWay()).toEqual([]);
  });

  it('an entity is the same after many events at once as after one after the other, whatever happened, and the one before stays as it was', () => {
    let folded = 0;
    fc.assert(
      fc.property(steps, (rolls) => {
        const history = new History();
        for (const roll of rolls) history.happens(happens(new Dice(roll), history.model), 0);
        const { events } = history.ledger;
        for (const key of new Set(events.flatMap(touched))) {
          const stream = standingIn(events.filter((event) => touched(event).includes(key)));
          if (!isFoldedAnew(key) || stream.length === 0) continue;
          const states: (Entity | undefined)[] = [undefined];
          for (const event of stream) states.push(evolve(key, states.at(-1), event));
          const written = states.map((state) => JSON.stringify(state && toJson(state)));
          for (const from of [0, 1, stream.length >> 1])
            expect(foldOn(key, states[from], stream.slice(from))).toEqual(states.at(-1));
          expect(states.map((state) => JSON.stringify(state && toJson(state)))).toEqual(written);
          if (key.startsWith('order/') && stream.length > 3) folded += 1;
        }
      }),
      { numRuns: 60, seed, endOnFailure: true },
    );
    expect(folded).toBeGreaterThan(20);
  });

  it('an entity is not made from a stream whose beginning is missing', () => {
    const receipt = events.find(({ type }) => type === 'lading.shipment.received.v1')!;
    expect(() => evolve('order/PO-1', undefined, receipt)).toThrow('the stream order/PO-1 does not begin with');
    expect(() => evolve('shipment/S-1', undefined, receipt)).toThrow('the stream shipment/S-1 does not begin with');
  });
});
