import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const one = of('PO-1', '1');
const scrapped = (lines: Submitted<'lading.units.scrapped.v1'>['lines'], custodian = 'x') =>
  tell('units.scrapped', { custodian, lines });
const atX = [
  placed('PO-1', 'tesla', 100),
  dispatched('S-1', [{ ...one, quantity: 50 }]),
  received('S-1', 'x', [{ ...one, received: 10, damaged: 5 }]),
];

describe('units are scrapped', () => {
  it('held units are scrapped unless the event says damaged ones, and keep their owner', () => {
    const story = given(...atX);
    story.take(
      scrapped([
        { ...one, quantity: 1 },
        { ...one, quantity: 5, stage: 'damaged' },
      ]),
    );
    expect(story.books()).toEqual(expect.arrayContaining(['tesla@x held PO-1/1: 9', 'tesla@x scrapped PO-1/1: 6']));
  });

  it('units are not scrapped in another stage than they are in, and the rejection says where they are', () => {
    const story = given(...atX, scrapped([{ ...one, quantity: 5, stage: 'damaged' }]));
    expect(story.refusal(scrapped([{ ...one, quantity: 1, stage: 'damaged' }]))).toMatchObject({
      code: 'wrong-stage',
      facts: { stage: 'damaged', elsewhere: [{ stage: 'held', quantity: 10 }] },
    });
  });

  it('units are not scrapped by a party that does not have them', () => {
    expect(given(...atX).refusal(scrapped([{ ...one, quantity: 1 }], 'xai'))).toMatchObject({
      code: 'not-the-custodian',
      facts: { custodian: 'xai', custodians: ['x'] },
    });
  });

  it('units are not scrapped for an owner that has none there', () => {
    expect(given(...atX).refusal(scrapped([{ ...one, owner: 'x', quantity: 1 }]))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'x', owners: ['tesla'] },
    });
  });

  it('no more units are scrapped than there are, lines summed', () => {
    const twice = scrapped([
      { ...one, quantity: 6 },
      { ...one, owner: 'tesla', quantity: 6 },
    ]);
    expect(given(...atX).refusal(twice)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 12, available: 10 },
    });
  });

  it('units are not scrapped when no party has any of the line', () => {
    const story = given(
      placed('PO-2', 'tesla', 1),
      tell('order.line_cancelled', { ...of('PO-2', '1'), initiator: 'buyer' }),
    );
    expect(story.refusal(scrapped([{ ...of('PO-2', '1'), quantity: 1 }]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { available: 0 },
    });
  });
});
