import { describe, expect, it } from 'vitest';
import { december, dispatched, january, of, placed, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import type { Submitted } from '#contracts/catalog';

type Change = Partial<Submitted<'lading.order.line_changed.v1'>>;
const change = (rest: Change) => tell('order.line_changed', { ...of('PO-1', '1'), initiator: 'buyer', ...rest });
const toX = (quantity: number) =>
  tell('reallocation.made', {
    reallocation: `RA-${quantity}`,
    kind: 'reassigned',
    from: 'tesla',
    to: 'x',
    lines: [{ ...of('PO-1', '1'), quantity }],
  });

describe('an order line is changed', () => {
  it('an order line that is raised orders the added units for the buyer', () => {
    const story = given(placed('PO-1', 'tesla', 100), toX(100));
    expect(story.take(change({ quantity: 130, initiator: 'seller' }))).toMatchObject({
      owner: 'tesla',
      previous: { quantity: 100, window: december },
      moves: [{ quantity: 30, from: { stage: 'supply' }, to: { owner: 'tesla', stage: 'ordered' } }],
    });
    expect(story.units()).toEqual(['tesla@nvidia ordered PO-1/1: 30', 'x@nvidia ordered PO-1/1: 100']);
  });

  it('an order line is raised for nobody but the buyer', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    expect(story.refusal(change({ quantity: 130, owner: 'x' }))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'x', owners: ['tesla'] },
    });
  });

  it('an order line that is lowered cancels units of the only owner that has units ordered', () => {
    const story = given(placed('PO-1', 'tesla', 12_000));
    expect(story.take(change({ quantity: 10_000 }))).toMatchObject({
      owner: 'tesla',
      previous: { quantity: 12_000 },
      moves: [{ quantity: 2_000, to: { owner: 'tesla', custodian: 'nvidia', stage: 'cancelled' } }],
    });
    expect(story.books()).toEqual(['tesla@nvidia cancelled PO-1/1: 2000', 'tesla@nvidia ordered PO-1/1: 10000']);
  });

  it('an order line may change again and again, and its total does not count cancelled units', () => {
    const story = given(placed('PO-1', 'tesla', 100), change({ quantity: 60 }), change({ quantity: 80 }));
    expect(story.take(change({ quantity: 70 }))).toMatchObject({
      previous: { quantity: 80 },
      moves: [{ quantity: 10 }],
    });
    expect(story.books()).toEqual(['tesla@nvidia cancelled PO-1/1: 50', 'tesla@nvidia ordered PO-1/1: 70']);
  });

  it('a buyer lowers an order line only out of its own units, also where others have some', () => {
    const story = given(placed('PO-1', 'tesla', 100), toX(70));
    expect(story.take(change({ quantity: 90 }))).toMatchObject({ owner: 'tesla' });
    expect(story.refusal(change({ quantity: 80, owner: 'x' }))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'x', owners: ['tesla'], initiator: 'buyer' },
    });
    expect(story.refusal(change({ quantity: 60 }))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 30, available: 20, owner: 'tesla' },
    });
  });

  it('a seller lowers an order line out of the units of the owner that it names, and must name one of several', () => {
    const story = given(placed('PO-1', 'tesla', 100), toX(70));
    expect(story.refusal(change({ quantity: 90, initiator: 'seller' }))).toMatchObject({
      code: 'ambiguous-owner',
      facts: { order: 'PO-1', line: '1', owners: ['tesla', 'x'] },
    });
    story.take(change({ quantity: 90, initiator: 'seller', owner: 'x' }));
    expect(story.units()).toEqual(['tesla@nvidia ordered PO-1/1: 30', 'x@nvidia ordered PO-1/1: 60']);
    expect(story.refusal(change({ quantity: 80, initiator: 'seller', owner: 'xai' }))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'xai', owners: ['tesla', 'x'] },
    });
  });

  it('an order line cannot be lowered to less than has left the order', () => {
    const story = given(placed('PO-1', 'tesla', 100), dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 90 }]));
    expect(story.refusal(change({ quantity: 50 }))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 50, available: 10 },
    });
    story.take(change({ quantity: 90 }));
    expect(story.refusal(change({ quantity: 80 }))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 10, available: 0 },
    });
  });

  it('a change of only the delivery window moves no unit, and the old window stays on record', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    const data = story.take(change({ window: january, initiator: 'seller' }));
    expect(data).toMatchObject({ window: january, previous: { quantity: 100, window: december } });
    expect(data).not.toHaveProperty('moves');
    expect(story.take(change({ window: december, quantity: 101 }))).toMatchObject({ previous: { window: january } });
  });

  it('a change of an order line to what it is already is rejected', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    for (const same of [{ quantity: 100 }, { window: december }, { quantity: 100, window: { ...december } }]) {
      expect(story.refusal(change(same))).toMatchObject({ code: 'nothing-to-do', facts: { quantity: 100 } });
    }
  });

  it('a change of an order line is rejected where the order, the line or the owner does not exist', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    expect(story.refusal(change({ order: 'PO-9', quantity: 1 }))).toMatchObject({ code: 'unknown-order' });
    expect(story.refusal(change({ line: '9', quantity: 1 }))).toMatchObject({
      code: 'unknown-order-line',
      facts: { order: 'PO-1', line: '9', lines: ['1'] },
    });
    expect(story.refusal(change({ owner: 'who', quantity: 1 }))).toMatchObject({
      code: 'unknown-party',
      facts: { party: 'who', role: 'owner' },
    });
  });
});
