import { describe, expect, it } from '@jest/globals';
import type { Submitted } from '#contracts/catalog';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const one = of('PO-1', '1');
const handed = (from: string, to: string, lines: Submitted<'lading.custody.transferred.v1'>['lines']) =>
  tell('custody.transferred', { from, to, lines });
const atX = [
  placed('PO-1', 'tesla', 100),
  dispatched('S-1', [{ ...one, quantity: 100 }]),
  received('S-1', 'x', [{ ...one, received: 90, damaged: 10 }]),
];

describe('units change hands', () => {
  it('a transfer of custody changes the custodian, and neither the owner nor the stage', () => {
    const story = given(...atX);
    story.take(
      handed('x', 'xai', [
        { ...one, quantity: 40 },
        { ...one, quantity: 10, stage: 'damaged' },
      ]),
    );
    expect(story.units()).toEqual([
      'tesla@x held PO-1/1: 50',
      'tesla@xai damaged PO-1/1: 10',
      'tesla@xai held PO-1/1: 40',
    ]);
  });

  it('custody is not transferred from a party to itself', () => {
    expect(given(...atX).refusal(handed('x', 'x', [{ ...one, quantity: 1 }]))).toMatchObject({ code: 'nothing-to-do' });
  });

  it('custody is not transferred from a party that does not have the units, and not of more than it has', () => {
    const story = given(...atX);
    expect(story.refusal(handed('tesla', 'xai', [{ ...one, quantity: 1 }]))).toMatchObject({
      code: 'not-the-custodian',
      facts: { custodian: 'tesla', custodians: ['x'] },
    });
    expect(story.refusal(handed('x', 'xai', [{ ...one, quantity: 91 }]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 91, available: 90 },
    });
  });

  it('custody is transferred between registered parties only', () => {
    expect(given(...atX).refusal(handed('x', 'who', [{ ...one, quantity: 1 }]))).toMatchObject({
      code: 'unknown-party',
      facts: { party: 'who', role: 'to' },
    });
  });
});
