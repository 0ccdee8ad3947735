import { describe, expect, it } from 'vitest';
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

describe('units in transit change hands', () => {
  const sent = [
    placed('PO-1', 'tesla', 100),
    dispatched('S-1', [{ ...one, quantity: 60 }]),
    dispatched('S-2', [{ ...one, quantity: 40 }]),
  ];

  it('the carrier has them no more, and they stay in transit on their shipment and their owner’s', () => {
    const story = given(...sent);
    expect(
      story.take(
        tell('custody.transferred', { from: 'dhl', to: 'xai', shipment: 'S-1', lines: [{ ...one, quantity: 50 }] }),
      ),
    ).toMatchObject({
      moves: [{ from: { stage: 'in_transit', shipment: 'S-1' }, to: { custodian: 'xai', shipment: 'S-1' } }],
    });
    expect(story.units()).toEqual([
      'tesla@dhl in_transit S-1 PO-1/1: 10',
      'tesla@dhl in_transit S-2 PO-1/1: 40',
      'tesla@xai in_transit S-1 PO-1/1: 50',
    ]);
  });

  it('without a shipment they are those that were dispatched first, when the carrier holds none of the line', () => {
    const story = given(...sent, handed('dhl', 'xai', [{ ...one, quantity: 70 }]));
    expect(story.units()).toEqual([
      'tesla@dhl in_transit S-2 PO-1/1: 30',
      'tesla@xai in_transit S-1 PO-1/1: 60',
      'tesla@xai in_transit S-2 PO-1/1: 10',
    ]);
  });

  it('what is received of a shipment that two carriers have comes from the one it was handed to first', () => {
    const story = given(...sent, handed('dhl', 'xai', [{ ...one, quantity: 20 }]));
    story.take(received('S-1', 'tesla', [{ ...one, received: 30 }]));
    expect(story.units()).toContain('tesla@dhl in_transit S-1 PO-1/1: 30');
    story.take(received('S-1', 'tesla', [{ ...one, received: 25, damaged: 5 }], true));
    expect(story.units()).toEqual([
      'tesla@dhl in_transit S-2 PO-1/1: 40',
      'tesla@tesla damaged PO-1/1: 5',
      'tesla@tesla held PO-1/1: 55',
    ]);
    expect(story.refusal(handed('xai', 'x', [{ ...one, quantity: 1, shipment: 'S-2' }]))).toMatchObject({
      code: 'not-the-custodian',
      facts: { custodian: 'xai', custodians: ['dhl'] },
    });
  });

  it('by their serial numbers they are the ones that were named, whoever carries them', () => {
    const cards = of('PO-D', '1');
    const story = given(
      placed('PO-D', 'tesla', { quantity: 4, item: 'D1' }),
      dispatched('S-1', [{ ...cards, quantity: 4, serials: ['A1', 'A2', 'A3', 'A4'] }]),
      handed('dhl', 'xai', [{ ...cards, quantity: 2, serials: ['A3', 'A4'] }]),
    );
    story.take(received('S-1', 'tesla', [{ ...cards, received: 2, serials: ['A2', 'A3'] }]));
    expect(story.units()).toEqual([
      'tesla@dhl in_transit S-1 PO-D/1: 1',
      'tesla@tesla held PO-D/1: 2',
      'tesla@xai in_transit S-1 PO-D/1: 1',
    ]);
    expect(story.unit('D1', 'A4')).toBe('tesla@xai in_transit S-1 PO-D/1');
  });
});
