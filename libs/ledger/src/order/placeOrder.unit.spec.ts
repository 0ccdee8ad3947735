import { describe, expect, it } from 'vitest';
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

  it('lines that are added to an order are lines of it, as if they had been placed with it', () => {
    const lines = [2, 3].map((n) => ({ line: String(n), item: 'H100', quantity: n, window: december }));
    const story = given(placed('PO-1', 'tesla', 10), tell('order.lines_added', { order: 'PO-1', lines }));
    expect(story.units()).toEqual([
      'tesla@nvidia ordered PO-1/1: 10',
      'tesla@nvidia ordered PO-1/2: 2',
      'tesla@nvidia ordered PO-1/3: 3',
    ]);
    story.take(tell('order.line_changed', { order: 'PO-1', line: '3', initiator: 'buyer', quantity: 1 }));
    story.take(tell('order.lines_added', { order: 'PO-1', lines: [{ ...lines[0]!, line: '4' }] }));
    expect(story.units()).toContain('tesla@nvidia ordered PO-1/4: 2');
    const entity = story.ledger.entities.get('order/PO-1');
    expect(entity?.kind === 'order' && entity.lines.map(({ line }) => line)).toEqual(['1', '2', '3', '4']);
  });

  it('a line is not added twice under one name, and the answer says which are there, and what said so', () => {
    const story = given(placed('PO-1', 'tesla', 10, 20));
    const add = (...names: string[]) =>
      tell('order.lines_added', {
        order: 'PO-1',
        lines: names.map((line) => ({ line, item: 'H100', quantity: 1, window: december })),
      });
    expect(story.refusal(add('3', '2', '1'))).toMatchObject({
      code: 'already-exists',
      facts: {
        order: 'PO-1',
        line: '2',
        lines: ['2', '1'],
        there: { quantity: 20 },
        event: { sequence: expect.any(Number) },
      },
    });
    expect(story.refusal(tell('order.lines_added', { ...add('3').data, order: 'PO-9' } as never))).toMatchObject({
      code: 'unknown-order',
    });
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
