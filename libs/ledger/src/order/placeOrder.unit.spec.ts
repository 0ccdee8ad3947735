import { describe, expect, it } from '@jest/globals';
import { given } from '#test/ledger/story';
import { december, placed, tell } from '#test/ledger/facts';

describe('an order is placed', () => {
  it('every line of a placed order is ordered for the buyer, from the supplier, out of its supply', () => {
    const story = given();
    expect(story.take(placed('PO-1', 'tesla', 12_000, { quantity: 5, item: 'D1' }))).toMatchObject({
      moves: [
        {
          item: 'H100',
          order: 'PO-1',
          line: '1',
          quantity: 12_000,
          from: { owner: 'nvidia', custodian: 'nvidia', stage: 'supply' },
          to: { owner: 'tesla', custodian: 'nvidia', stage: 'ordered' },
        },
        { item: 'D1', line: '2', quantity: 5 },
      ],
    });
    expect(story.accounts('PO-1', () => true)).toEqual([
      'nvidia@nvidia supply PO-1/1: -12000',
      'nvidia@nvidia supply PO-1/2: -5',
      'tesla@nvidia ordered PO-1/1: 12000',
      'tesla@nvidia ordered PO-1/2: 5',
    ]);
  });

  it('an order may be placed with any registered supplier, not only with the keeper of the ledger', () => {
    const story = given();
    const lines = [{ line: 'a', item: 'H100', quantity: 1, window: december }];
    story.take(tell('order.placed', { order: 'PO-2', buyer: 'tesla', supplier: 'amd', lines }));
    expect(story.units()).toEqual(['tesla@amd ordered PO-2/a: 1']);
  });

  it('an order is not placed twice under one id', () => {
    const story = given(placed('PO-1', 'tesla', 1));
    expect(story.refusal(placed('PO-1', 'x', 2))).toMatchObject({ code: 'already-exists', facts: { order: 'PO-1' } });
  });

  it('an order is not placed by, or with, a party that is not registered', () => {
    const story = given();
    expect(story.refusal(placed('PO-1', 'nobody', 1))).toMatchObject({
      code: 'unknown-party',
      facts: { party: 'nobody', role: 'buyer' },
    });
    const lines = [{ line: '1', item: 'H100', quantity: 1, window: december }];
    expect(story.refusal(tell('order.placed', { order: 'P', buyer: 'x', supplier: 'who', lines }))).toMatchObject({
      code: 'unknown-party',
      facts: { party: 'who', role: 'supplier' },
    });
  });

  it('an order is not placed with a party that is registered, but not as a supplier', () => {
    const lines = [{ line: '1', item: 'H100', quantity: 1, window: december }];
    const refused = given().refusal(tell('order.placed', { order: 'P', buyer: 'x', supplier: 'dhl', lines }));
    expect(refused).toMatchObject({ code: 'unknown-party', facts: { party: 'dhl', role: 'supplier' } });
  });

  it('an order is not placed for an item that is not registered', () => {
    expect(given().refusal(placed('PO-1', 'tesla', 1, { quantity: 1, item: 'B200' }))).toMatchObject({
      code: 'unknown-item',
      facts: { item: 'B200' },
    });
  });
});
