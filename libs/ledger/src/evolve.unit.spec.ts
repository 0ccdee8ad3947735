import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { accepted, dispatched, of, placed, proposed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import type { Entity, Order } from './entity.ts';
import { evolve, foldStream, touched } from './evolve.ts';
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

  it('a long stream comes to the same each time it is folded, whichever of its events were taken back before', () => {
    const handed = Array.from({ length: 150 }, (_, n) => {
      const [from, to] = n % 2 === 0 ? (['x', 'tesla'] as const) : (['tesla', 'x'] as const);
      return tell('custody.transferred', { from, to, lines: [{ ...one, quantity: 1, owner: 'tesla' }] });
    });
    const long = given(
      placed('PO-1', 'tesla', 100),
      dispatched('S-1', [{ ...one, quantity: 60 }]),
      received('S-1', 'x', [{ ...one, received: 60 }]),
      ...handed,
    ).ledger.events.filter((event) => touched(event).includes('order/PO-1'));
    expect(long.length).toBe(153);
    const foldOf = (stream: readonly LedgerEvent[]) => {
      let entity: Entity | undefined;
      for (const event of stream) entity = evolve('order/PO-1', entity, event);
      return entity;
    };
    const streams = [
      long,
      // One less each time, from the end on; some more again; without some in the middle; and the whole of it once more.
      ...Array.from({ length: 140 }, (_, n) => long.slice(0, -1 - n)),
      ...[20, 60, 61, 120].map((count) => long.slice(0, count)),
      ...[3, 40, 41, 130].map((at) => long.toSpliced(at, 2)),
      long,
    ];
    for (const stream of streams) expect(foldStream('order/PO-1', stream)).toEqual(foldOf(stream));
  });

  it('an entity is not made from a stream whose beginning is missing', () => {
    const receipt = events.find(({ type }) => type === 'lading.shipment.received.v1')!;
    expect(() => evolve('order/PO-1', undefined, receipt)).toThrow('the stream order/PO-1 does not begin with');
    expect(() => evolve('shipment/S-1', undefined, receipt)).toThrow('the stream shipment/S-1 does not begin with');
  });
});
