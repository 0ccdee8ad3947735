import { describe, expect, it } from 'vitest';
import { catalog, eventTypes } from '#contracts/catalog';
import { jsonSchemaOf } from '#contracts/jsonSchema';
import { dispatched, of, placed, received, tell, type Told } from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';

const one = of('PO-1', '1');
const lines = [{ ...one, quantity: 1 }];
const advice = (document?: string) =>
  dispatched('S-1', [{ ...one, quantity: 10 }], document === undefined ? {} : { document });
const receipt = (document: string) => {
  const { data } = received('S-1', 'x', [{ ...one, received: 10 }]) as Extract<
    Told,
    { type: 'lading.shipment.received.v1' }
  >;
  return tell('shipment.received', { ...data, document });
};
const story = (): Story => {
  const on = given(placed('PO-1', 'tesla', 100), advice());
  on.take(received('S-1', 'x', [{ ...one, received: 5 }]));
  return on;
};

describe('the same paper twice is one fact', () => {
  it.each<[string, (document: string) => Told]>([
    ['a dispatch', (document) => dispatched('S-2', lines, { document })],
    [
      'a receipt',
      (document) => tell('shipment.received', { shipment: 'S-1', by: 'x', document, lines: [{ ...one, received: 1 }] }),
    ],
    ['a loss', (document) => tell('shipment.lost', { shipment: 'S-1', document, lines })],
    ['scrapped units', (document) => tell('units.scrapped', { custodian: 'x', document, lines })],
    [
      'a changed condition',
      (document) =>
        tell('units.condition_changed', { custodian: 'x', document, lines: [{ ...one, quantity: 1, to: 'damaged' }] }),
    ],
    ['units handed on', (document) => tell('custody.transferred', { from: 'x', to: 'xai', document, lines })],
    ['a count', (document) => tell('count.adjusted', { custodian: 'x', document, lines: [{ ...one, observed: 4 }] })],
  ])(
    '%s with the number of a paper that is recorded is refused, with the event that has it, whatever it says',
    (_, told) => {
      const on = story();
      expect(on.take(told('N-1'))).toMatchObject({ document: 'N-1' });
      const { sequence, id, time } = on.ledger.events.at(-1)!;
      expect(on.refusal(told('N-1'))).toMatchObject({
        code: 'already-exists',
        facts: { document: 'N-1', source: 'urn:test', sequence, id, time },
      });
      // Whatever else is wrong with it by now, and whatever it says this time.
      expect(on.refusal(told('N-1')).detail).toContain(`event ${sequence}`);
      on.source = 'urn:other';
      const other = on.ledger.submit({ ...told('N-1'), source: 'urn:other', time: on.now.toISOString() }, on.now);
      expect(other.ok || other.code !== 'already-exists').toBe(true);
    },
  );

  it('an advice and its receipt may have one number, and another source numbers its own papers', () => {
    const on = given(placed('PO-1', 'tesla', 100), advice('4711'));
    on.take(receipt('4711'));
    on.source = 'urn:site';
    on.take(dispatched('S-2', lines, { document: '4711' }));
    on.source = 'urn:test';
    expect(on.refusal(receipt('4711'))).toMatchObject({ code: 'already-exists', facts: { document: '4711' } });
  });

  it('a paper is refused as recorded although all its units have arrived, and a dispatch although its shipment was received', () => {
    const on = given(placed('PO-1', 'tesla', 100), advice('A-1'));
    on.take(receipt('R-1'));
    expect(on.refusal(receipt('R-1'))).toMatchObject({ code: 'already-exists' });
    expect(on.refusal(advice('A-1'))).toMatchObject({ code: 'already-exists', facts: { document: 'A-1' } });
    expect(on.refusal(receipt('R-2'))).toMatchObject({ code: 'already-received' });
  });

  it('a refused event uses no number', () => {
    const on = given(placed('PO-1', 'tesla', 100));
    expect(on.refusal(receipt('R-1'))).toMatchObject({ code: 'unknown-shipment' });
    on.take(advice('A-1'));
    on.take(receipt('R-1'));
  });

  it('every event that moves units by lines and has no id of its own may name its paper', () => {
    const without = eventTypes.filter((type) => {
      const { properties = {} } = jsonSchemaOf(catalog[type].submitted) as { properties?: Record<string, unknown> };
      return 'lines' in properties && !('document' in properties);
    });
    expect(without).toEqual([
      'lading.order.placed.v1',
      'lading.order.lines_added.v1',
      'lading.units.returned.v1',
      'lading.reallocation.made.v1',
      'lading.units.held.v1',
    ]);
  });
});
