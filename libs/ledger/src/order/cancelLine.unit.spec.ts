import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { dispatched, of, placed, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

type Cancel = Partial<Submitted<'lading.order.line_cancelled.v1'>>;
const cancel = (rest: Cancel = {}) =>
  tell('order.line_cancelled', { ...of('PO-1', '1'), initiator: 'seller', ...rest });

describe('units of an order line are cancelled', () => {
  it('a cancellation cancels as many units as it names', () => {
    const story = given(placed('PO-1', 'tesla', 12_000));
    expect(story.take(cancel({ quantity: 500, owner: 'tesla' }))).toMatchObject({
      quantity: 500,
      moves: [{ quantity: 500, from: { stage: 'ordered' }, to: { stage: 'cancelled' } }],
    });
  });

  it('a cancellation without a quantity cancels all units that the owner has still ordered, and none under way', () => {
    const story = given(placed('PO-1', 'tesla', 100), dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 40 }]));
    expect(story.take(cancel())).toMatchObject({ owner: 'tesla', quantity: 60 });
    expect(story.books()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 40', 'tesla@nvidia cancelled PO-1/1: 60']);
    expect(story.refusal(cancel())).toMatchObject({ code: 'insufficient-quantity', facts: { available: 0 } });
  });

  it('an order line no longer counts cancelled units, so that it can be raised again', () => {
    const story = given(placed('PO-1', 'tesla', 100), cancel());
    const more = tell('order.line_changed', { ...of('PO-1', '1'), initiator: 'buyer', quantity: 10 });
    expect(story.take(more)).toMatchObject({ previous: { quantity: 0 }, moves: [{ quantity: 10 }] });
  });

  it('a cancellation of more units than there are is rejected', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    expect(story.refusal(cancel({ quantity: 101 }))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-1', line: '1', owner: 'tesla', asked: 101, available: 100 },
    });
  });

  it('a buyer cannot cancel the units of another owner', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    expect(story.refusal(cancel({ initiator: 'buyer', owner: 'x' }))).toMatchObject({ code: 'not-the-owner' });
  });
});
