import { describe, expect, it } from 'vitest';
import { accepted, dispatched, executed, january, of, placed, proposed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const h100 = of('PO-1', '1');
const dojo = of('PO-1', '1-D1');
const dojos = (quantity: number, order = 'PO-1') =>
  tell('order.lines_added', { order, lines: [{ line: '1-D1', item: 'DOJO', quantity, window: january }] });
const item = tell('item.registered', { item: 'DOJO', name: 'Dojo tile', tracking: 'quantity' });
const instead = (shipment: string, quantity: number, owner?: string) =>
  dispatched(shipment, [{ ...dojo, quantity, substitutes: h100, ...(owner !== undefined && { owner }) }]);
const supplyOf = (story: ReturnType<typeof given>) => story.accounts(undefined, ({ stage }) => stage === 'supply');

describe('another item than ordered is sent', () => {
  it('as many of the ordered units end as are sent instead: nobody is promised both, and nothing of the ordered item was made', () => {
    const story = given(item, placed('PO-1', 'tesla', 100), dojos(40));
    const kept = story.take(instead('S-1', 40));
    expect(kept).toMatchObject({
      lines: [{ item: 'DOJO', owner: 'tesla', substitutes: { ...h100, item: 'H100' } }],
      moves: [
        { item: 'DOJO', quantity: 40, from: { stage: 'ordered' }, to: { owner: 'tesla', stage: 'in_transit' } },
        { item: 'H100', quantity: 40, from: { owner: 'tesla', stage: 'ordered' }, to: { stage: 'supply' } },
      ],
    });
    story.take(received('S-1', 'tesla', [{ ...dojo, received: 40 }]));
    expect(story.units()).toEqual(['tesla@nvidia ordered PO-1/1: 60', 'tesla@tesla held PO-1/1-D1: 40']);
    expect(supplyOf(story)).toEqual(['nvidia@nvidia supply PO-1/1-D1: -40', 'nvidia@nvidia supply PO-1/1: -60']);
  });

  it('more than its own line has come out of supply, for nobody waits for less than what they replace', () => {
    const story = given(item, placed('PO-1', 'tesla', 100), dojos(10));
    story.take(instead('S-1', 30));
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1-D1: 30', 'tesla@nvidia ordered PO-1/1: 70']);
  });

  it('no more than are ordered of what they replace, also together with what is sent of it', () => {
    const story = given(item, placed('PO-1', 'tesla', 100), dojos(200));
    expect(story.refusal(instead('S-1', 101))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { ...h100, item: 'H100', stage: 'ordered', asked: 101, available: 100 },
    });
    const both = (units: number) =>
      dispatched('S-1', [
        { ...h100, quantity: 60 },
        { ...dojo, quantity: units, substitutes: h100 },
      ]);
    expect(story.refusal(both(41)).code).toBe('insufficient-quantity');
    story.take(both(40));
    expect(story.units()).toEqual([
      'tesla@dhl in_transit S-1 PO-1/1-D1: 40',
      'tesla@dhl in_transit S-1 PO-1/1: 60',
      'tesla@nvidia ordered PO-1/1-D1: 160',
    ]);
  });

  it('for whoever has the ordered units by now', () => {
    const reassigned = tell('reallocation.made', {
      ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x' },
      lines: [{ ...h100, quantity: 30 }],
    });
    const story = given(item, placed('PO-1', 'tesla', 100), dojos(1), reassigned);
    expect(story.refusal(instead('S-1', 10))).toMatchObject({ code: 'ambiguous-owner', facts: h100 });
    story.take(instead('S-1', 10, 'x'));
    expect(story.units()).toContain('x@dhl in_transit S-1 PO-1/1-D1: 10');
    expect(story.units()).toContain('x@nvidia ordered PO-1/1: 20');
    expect(story.refusal(instead('S-1', 10, 'xai')).code).toBe('not-the-owner');
  });

  it('not the same item, not an order between others, and not a line that is not there', () => {
    const story = given(
      item,
      placed('PO-1', 'tesla', 100, 5),
      placed('PO-2', 'x', 7),
      dojos(5, 'PO-2'),
      placed('PO-3', 'tesla', { item: 'DOJO', quantity: 9 }),
    );
    const sent = (line: object, substitutes: object) =>
      dispatched('S-1', [{ quantity: 1, ...line, substitutes } as never]);
    expect(story.refusal(sent(of('PO-1', '2'), h100))).toMatchObject({
      code: 'nothing-to-do',
      facts: { ...of('PO-1', '2'), item: 'H100', substitutes: { ...h100, item: 'H100' } },
    });
    expect(story.refusal(sent(of('PO-2', '1-D1'), h100))).toMatchObject({
      code: 'not-a-party',
      facts: { buyer: 'x', supplier: 'nvidia' },
    });
    expect(story.refusal(sent(dojo, h100)).code).toBe('unknown-order-line');
    expect(story.refusal(sent(of('PO-3', '1'), of('PO-1', '9'))).code).toBe('unknown-order-line');
    story.take(sent(of('PO-3', '1'), h100));
    expect(story.units('PO-3')).toContain('tesla@dhl in_transit S-1 PO-3/1: 1');
  });

  it('ordered units that a swap holds are not replaced', () => {
    const story = given(
      item,
      placed('PO-1', 'tesla', 10),
      placed('PO-2', 'x', 10),
      dojos(10),
      proposed('SW-1', 'x', [
        { from: 'tesla', to: 'x', ...h100, quantity: 6 },
        { from: 'x', to: 'tesla', ...of('PO-2', '1'), quantity: 6 },
      ]),
      accepted('SW-1', 'tesla'),
    );
    expect(story.refusal(instead('S-1', 5))).toMatchObject({ code: 'held-for', facts: { ...h100, available: 4 } });
    story.take(instead('S-1', 4));
    story.take(executed('SW-1', 'x'));
    expect(story.units()).toContain('x@nvidia ordered PO-1/1: 6');
  });

  it('its serial numbers are named, and those of the replaced units where they have some', () => {
    const numbered = tell('order.placed', {
      ...{ order: 'PO-1', buyer: 'tesla', supplier: 'nvidia' },
      lines: [
        { line: '1', item: 'D1', quantity: 3, window: january, serials: ['a', 'b', 'c'] },
        { line: '1-D1', item: 'DOJO', quantity: 3, window: january },
      ],
    });
    const story = given(item, numbered);
    expect(story.refusal(instead('S-1', 1)).code).toBe('serial-count');
    story.take(dispatched('S-1', [{ ...dojo, quantity: 1, substitutes: h100, substitutedSerials: ['b'] }]));
    expect(story.unit('D1', 'b')).toBe('nvidia@nvidia supply PO-1/1');
    expect(story.unit('D1', 'a')).toBe('tesla@nvidia ordered PO-1/1');
    story.take(instead('S-1', 2));
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1-D1: 3']);
  });
});

describe('another item than was sent is found', () => {
  const onTheWay = () =>
    given(item, placed('PO-1', 'tesla', 100), dojos(5), dispatched('S-1', [{ ...h100, quantity: 20 }]));

  it('the receipt says so: as many of what was sent end, and the others are held', () => {
    const story = onTheWay();
    const kept = story.take(received('S-1', 'tesla', [{ ...dojo, received: 7, damaged: 1, substitutes: h100 }]));
    expect(kept).toMatchObject({ lines: [{ item: 'DOJO', advised: 20, substitutes: { ...h100, item: 'H100' } }] });
    expect(story.units()).toEqual([
      'tesla@dhl in_transit S-1 PO-1/1: 12',
      'tesla@nvidia ordered PO-1/1: 80',
      'tesla@tesla damaged PO-1/1-D1: 1',
      'tesla@tesla held PO-1/1-D1: 7',
    ]);
    story.take(received('S-1', 'tesla', [{ ...h100, received: 12 }], true));
    expect(supplyOf(story)).toEqual(['nvidia@nvidia supply PO-1/1-D1: -8', 'nvidia@nvidia supply PO-1/1: -92']);
  });

  it('no more than are in transit of what was sent, together with what is received of it', () => {
    const story = onTheWay();
    const both = (units: number) =>
      received('S-1', 'tesla', [
        { ...h100, received: 15 },
        { ...dojo, received: units, substitutes: h100 },
      ]);
    expect(story.refusal(both(6))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { ...h100, asked: 21, available: 20 },
    });
    story.take(both(5));
    expect(story.refusal(received('S-1', 'tesla', [{ ...dojo, received: 1, substitutes: h100 }]))).toMatchObject({
      code: 'already-received',
      facts: h100,
    });
  });

  it('what was sent as a substitute already is received as itself', () => {
    const story = given(item, placed('PO-1', 'tesla', 100), dojos(5), instead('S-1', 5));
    const again = received('S-1', 'tesla', [{ ...dojo, received: 5, substitutes: h100 }]);
    expect(story.refusal(again)).toMatchObject({ code: 'insufficient-quantity', facts: { ...h100, available: 0 } });
    expect(story.refusal(again).detail).toContain('without `substitutes`');
    story.take(received('S-1', 'tesla', [{ ...dojo, received: 5 }]));
  });
});
