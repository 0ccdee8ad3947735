import { describe, expect, it } from 'vitest';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const one = of('PO-1', '1');
const reassigned = (to: string, quantity: number) =>
  tell('reallocation.made', {
    ...{ reallocation: `RA-${to}`, kind: 'reassigned', from: 'tesla', to },
    lines: [{ ...one, quantity }],
  });

describe('a supplier that sends more than was ordered', () => {
  it('sends what is ordered, and the rest out of supply: all of it is for the owner of the line, and the order stays as it is', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    const { moves } = story.take(dispatched('S-1', [{ ...one, quantity: 103, over: true }])) as { moves: object[] };
    expect(moves).toMatchObject([
      { quantity: 100, from: { stage: 'ordered', owner: 'tesla' }, to: { stage: 'in_transit', owner: 'tesla' } },
      { quantity: 3, from: { stage: 'supply', owner: 'nvidia' }, to: { stage: 'in_transit', owner: 'tesla' } },
    ]);
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 103']);
    story.take(received('S-1', 'tesla', [{ ...one, received: 103 }]));
    expect(story.units()).toEqual(['tesla@tesla held PO-1/1: 103']);
  });

  it('without saying so is refused, and told how to say it, whether some or nothing is ordered', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    const refusal = () => story.refusal(dispatched('S-2', [{ ...one, quantity: 101 }]));
    expect(refusal()).toMatchObject({ code: 'insufficient-quantity', facts: { asked: 101, available: 100 } });
    expect(refusal().detail).toContain('"over": true');
    story.take(dispatched('S-1', [{ ...one, quantity: 100 }]));
    expect(refusal().detail).toContain('"over": true');
    expect(story.refusal(dispatched('S-2', [{ ...one, quantity: 1, over: false }])).code).toBe('insufficient-quantity');
  });

  it('may say so where it sends no more: then nothing comes out of supply', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    story.take(dispatched('S-1', [{ ...one, quantity: 40, over: true }]));
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 40', 'tesla@nvidia ordered PO-1/1: 60']);
  });

  it('sends it for the buyer where nothing is ordered any more, or for an owner that has units of the line, and for nobody else', () => {
    const story = given(placed('PO-1', 'tesla', 10), reassigned('x', 4));
    expect(story.refusal(dispatched('S-1', [{ ...one, quantity: 11, over: true }]))).toMatchObject({
      code: 'ambiguous-owner',
      facts: { owners: ['tesla', 'x'] },
    });
    story.take(dispatched('S-1', [{ ...one, owner: 'x', quantity: 5, over: true }]));
    story.take(dispatched('S-1', [{ ...one, quantity: 6 }]));
    story.take(dispatched('S-1', [{ ...one, quantity: 1, over: true }]));
    story.take(dispatched('S-1', [{ ...one, owner: 'x', quantity: 1, over: true }]));
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 7', 'x@dhl in_transit S-1 PO-1/1: 6']);
    expect(story.refusal(dispatched('S-1', [{ ...one, owner: 'xai', quantity: 1, over: true }]))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'xai', owners: ['tesla', 'x'] },
    });
  });

  it('leaves what is ordered to the lines that do not say so, as far as they come first', () => {
    const story = given(placed('PO-1', 'tesla', 10));
    story.take(
      dispatched('S-1', [
        { ...one, quantity: 8 },
        { ...one, quantity: 5, over: true },
      ]),
    );
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 13']);
    expect(
      given(placed('PO-1', 'tesla', 10)).refusal(
        dispatched('S-1', [
          { ...one, quantity: 8, over: true },
          { ...one, quantity: 5 },
        ]),
      ),
    ).toMatchObject({ code: 'insufficient-quantity', facts: { asked: 13, available: 10 } });
  });

  it('sends beyond what another line of the dispatch replaces', () => {
    const story = given(
      tell('item.registered', { item: 'DOJO', name: 'Dojo tile', tracking: 'quantity' }),
      placed('PO-1', 'tesla', 100, { quantity: 30, item: 'DOJO' }),
    );
    story.take(
      dispatched('S-1', [
        { ...one, quantity: 75, over: true },
        { ...of('PO-1', '2'), quantity: 30, substitutes: one },
      ]),
    );
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 75', 'tesla@dhl in_transit S-1 PO-1/2: 30']);
  });

  it('delivers first what it has itself, of the whole line: so nothing is made twice', () => {
    const story = given(
      placed('PO-0', 'tesla', 8),
      dispatched('S-0', [{ ...of('PO-0', '1'), quantity: 8 }]),
      received('S-0', 'tesla', [{ ...of('PO-0', '1'), received: 8 }]),
      tell('party.registered', { party: 'tesla', name: 'Tesla', roles: ['customer', 'supplier'] }),
      tell('order.placed', {
        ...{ order: 'PO-1', buyer: 'x', supplier: 'tesla' },
        lines: [{ line: '1', item: 'H100', quantity: 5, window: { from: '2024-01-01', to: '2024-01-31' } }],
      }),
    );
    story.take(dispatched('S-1', [{ ...one, quantity: 10, over: true }], { consignee: 'x' }));
    expect(story.units()).toEqual(['x@dhl in_transit S-1 PO-1/1: 10']);
    const supply = (of: string) => story.accounts(undefined, ({ stage, owner }) => stage === 'supply' && owner === of);
    expect(supply('tesla')).toEqual(['tesla@tesla supply PO-0/1: 8', 'tesla@tesla supply PO-1/1: -10']);
    expect(story.books('PO-0')).toEqual([]);
  });

  it('says of the whole line where its units come from', () => {
    const story = given(
      placed('PO-0', 'tesla', 20),
      dispatched('S-0', [{ ...of('PO-0', '1'), quantity: 20 }]),
      received('S-0', 'tesla', [{ ...of('PO-0', '1'), received: 20 }]),
      tell('party.registered', { party: 'tesla', name: 'Tesla', roles: ['customer', 'supplier'] }),
      tell('order.placed', {
        ...{ order: 'PO-1', buyer: 'x', supplier: 'tesla' },
        lines: [{ line: '1', item: 'H100', quantity: 5, window: { from: '2024-01-01', to: '2024-01-31' } }],
      }),
    );
    story.take(
      dispatched('S-1', [{ ...one, quantity: 10, over: true, from: [{ ...of('PO-0', '1'), quantity: 8 }] }], {
        consignee: 'x',
      }),
    );
    expect(story.units('PO-0')).toEqual(['tesla@tesla held PO-0/1: 12']);
    story.take(dispatched('S-1', [{ ...one, quantity: 3, over: true, from: 'new' }], { consignee: 'x' }));
    expect(story.units()).toEqual(['tesla@tesla held PO-0/1: 12', 'x@dhl in_transit S-1 PO-1/1: 13']);
  });

  it('names the units that it adds, where the item has serial numbers', () => {
    const story = given(placed('PO-1', 'tesla', { quantity: 2, item: 'D1' }));
    const over = (quantity: number, serials?: string[]) =>
      dispatched('S-1', [{ ...one, quantity, over: true, ...(serials && { serials }) }]);
    expect(story.refusal(over(3)).code).toBe('serial-count');
    expect(story.refusal(over(3, ['a', 'b'])).code).toBe('serial-count');
    expect(story.refusal(over(3, ['a', 'b', 'b'])).code).toBe('serial-count');
    story.take(over(3, ['a', 'b', 'c']));
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 3']);
    for (const serial of ['a', 'b', 'c']) expect(story.unit('D1', serial)).toBe('tesla@dhl in_transit S-1 PO-1/1');
    expect(story.refusal(over(1, ['a'])).code).toBe('serial-elsewhere');
  });
});
