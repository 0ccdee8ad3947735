import { describe, expect, it } from '@jest/globals';
import { MAX_BALANCE } from '#ledger/account';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

describe('an account', () => {
  it('takes 2,147,483,647 units and not one more, so that every reader’s integers hold it', () => {
    const one = of('PO-1', '1');
    const story = given(placed('PO-1', 'tesla', MAX_BALANCE), dispatched('S-1', [{ ...one, quantity: MAX_BALANCE }]));
    story.take(received('S-1', 'tesla', [{ ...one, received: MAX_BALANCE }]));
    const surplus = received('S-1', 'tesla', [{ ...one, received: 0, surplus: 1 }]);
    expect(story.refusal(surplus)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-1', line: '1', stage: 'supply', asked: 1, available: 0, most: MAX_BALANCE },
    });
  });

  it('is not overrun by ordering and cancelling for ever', () => {
    const one = of('PO-1', '1');
    const story = given(placed('PO-1', 'tesla', MAX_BALANCE));
    story.take(tell('order.line_cancelled', { ...one, initiator: 'buyer' }));
    const again = tell('order.line_changed', { ...one, initiator: 'buyer', quantity: 1 });
    expect(story.refusal(again)).toMatchObject({ code: 'insufficient-quantity', facts: { most: MAX_BALANCE } });
  });
});
