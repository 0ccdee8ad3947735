import { describe, expect, it } from 'vitest';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const sent = (quantity: number) => [
  placed('PO-1', 'tesla', 100, 50),
  dispatched('S-1', [{ ...of('PO-1', '1'), quantity }]),
];
const one = of('PO-1', '1');
const toX = (quantity: number) =>
  tell('reallocation.made', {
    reallocation: 'RA-1',
    kind: 'reconsigned',
    from: 'tesla',
    to: 'x',
    lines: [{ ...one, quantity, shipment: 'S-1' }],
  });

describe('a shipment is received', () => {
  it('received units are held, or damaged, by the party that receives them, and keep their owner', () => {
    const story = given(...sent(100));
    const data = story.take(received('S-1', 'xai', [{ ...one, received: 90, damaged: 10 }], true));
    expect(data).toMatchObject({ lines: [{ owner: 'tesla', item: 'H100', advised: 100, received: 90, damaged: 10 }] });
    expect(story.units('PO-1')).toContain('tesla@xai held PO-1/1: 90');
    expect(story.units('PO-1')).toContain('tesla@xai damaged PO-1/1: 10');
  });

  it('a shipment may be received in parts: missing units may still come, and each receipt says what it was advised of', () => {
    const story = given(...sent(100));
    expect(story.take(received('S-1', 'tesla', [{ ...one, received: 60 }]))).toMatchObject({
      lines: [{ advised: 100 }],
    });
    expect(story.take(received('S-1', 'tesla', [{ ...one, received: 30 }]))).toMatchObject({
      lines: [{ advised: 40 }],
    });
    expect(story.units()).toEqual(
      expect.arrayContaining(['tesla@dhl in_transit S-1 PO-1/1: 10', 'tesla@tesla held PO-1/1: 90']),
    );
  });

  it('units that a final receipt misses stay in transit, as a discrepancy', () => {
    const story = given(...sent(100));
    story.take(received('S-1', 'tesla', [{ ...one, received: 99 }], true));
    expect(story.units()).toContain('tesla@dhl in_transit S-1 PO-1/1: 1');
  });

  it('surplus units of a receipt come out of supply, belong to the supplier, and are with the party that received them', () => {
    const story = given(...sent(100));
    expect(story.take(received('S-1', 'tesla', [{ ...one, received: 100, surplus: 3 }]))).toMatchObject({
      moves: [
        { quantity: 100 },
        {
          quantity: 3,
          from: { owner: 'nvidia', custodian: 'nvidia', stage: 'supply' },
          to: { owner: 'nvidia', custodian: 'tesla', stage: 'held' },
        },
      ],
    });
  });

  it('more units than were sent are received only as surplus', () => {
    const story = given(...sent(100));
    expect(story.refusal(received('S-1', 'tesla', [{ ...one, received: 95, damaged: 6 }]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-1', line: '1', owner: 'tesla', shipment: 'S-1', asked: 101, available: 100 },
    });
    expect(
      story.refusal(
        received('S-1', 'tesla', [
          { ...one, received: 60 },
          { ...one, owner: 'tesla', received: 60 },
        ]),
      ),
    ).toMatchObject({ code: 'insufficient-quantity', facts: { asked: 120, available: 100 } });
  });

  it('a second receipt of the same units finds nothing left', () => {
    const story = given(...sent(100), received('S-1', 'tesla', [{ ...one, received: 100 }]));
    for (const owner of [undefined, 'tesla']) {
      expect(story.refusal(received('S-1', 'tesla', [{ ...of('PO-1', '1', owner), received: 100 }]))).toMatchObject({
        code: 'already-received',
        facts: { shipment: 'S-1', order: 'PO-1', line: '1', asked: 100, available: 0 },
      });
    }
    story.take(received('S-1', 'tesla', [{ ...one, received: 0, surplus: 2 }]));
  });

  it('a receipt of a line that was never on the shipment is rejected', () => {
    const story = given(...sent(100));
    expect(story.refusal(received('S-1', 'tesla', [{ ...of('PO-1', '2'), received: 1 }]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { line: '2', available: 0 },
    });
  });

  it('a receipt of several owners names the owner of each line, and an owner that is done is done', () => {
    const story = given(...sent(100), toX(40));
    expect(story.refusal(received('S-1', 'x', [{ ...one, received: 10 }]))).toMatchObject({
      code: 'ambiguous-owner',
      facts: { owners: ['tesla', 'x'] },
    });
    story.take(
      received('S-1', 'x', [
        { ...one, owner: 'x', received: 40 },
        { ...one, owner: 'tesla', received: 10 },
      ]),
    );
    expect(story.refusal(received('S-1', 'x', [{ ...one, owner: 'x', received: 1 }]))).toMatchObject({
      code: 'already-received',
    });
    expect(story.take(received('S-1', 'tesla', [{ ...one, received: 50 }]))).toMatchObject({
      lines: [{ owner: 'tesla' }],
    });
  });

  it('a receipt for an owner that has nothing on the shipment is rejected with the owners that have', () => {
    const story = given(...sent(100), toX(100));
    expect(story.refusal(received('S-1', 'x', [{ ...one, owner: 'tesla', received: 100 }]))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'tesla', owners: ['x'] },
    });
  });

  it('a receipt of nothing is rejected unless it is final, when the missing units are its content', () => {
    const story = given(...sent(100));
    const nothing = [{ ...one, received: 0 }];
    expect(story.refusal(received('S-1', 'tesla', nothing))).toMatchObject({ code: 'nothing-to-do' });
    const data = story.take(received('S-1', 'tesla', nothing, true));
    expect(data).toMatchObject({ lines: [{ owner: 'tesla', advised: 100, received: 0 }] });
    expect(data).not.toHaveProperty('moves');
    expect(story.ledger.entity('shipment/S-1')).toMatchObject({ received: true });
  });

  it('any registered party may receive a shipment that exists', () => {
    const story = given(...sent(100));
    expect(story.refusal(received('S-1', 'who', [{ ...one, received: 1 }]))).toMatchObject({
      code: 'unknown-party',
      facts: { party: 'who', role: 'by' },
    });
    expect(story.refusal(received('S-9', 'x', [{ ...one, received: 1 }]))).toMatchObject({
      code: 'unknown-shipment',
      facts: { shipment: 'S-9' },
    });
  });

  it('a lost pallet arrives after all: a receipt takes what is in transit, then what was lost of that shipment, line and owner', () => {
    const lost = (shipment: string, quantity: number) =>
      tell('shipment.lost', { shipment, lines: [{ ...one, quantity }] });
    const story = given(
      ...sent(60),
      dispatched('S-2', [{ ...one, quantity: 40 }]),
      lost('S-1', 10),
      lost('S-2', 40),
      received('S-1', 'tesla', [{ ...one, received: 45 }]),
    );
    expect(story.refusal(received('S-1', 'tesla', [{ ...one, received: 16 }]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 16, available: 15, shipment: 'S-1' },
    });
    expect(story.take(received('S-1', 'tesla', [{ ...one, received: 8, damaged: 2 }]))).toMatchObject({
      lines: [{ owner: 'tesla', advised: 5 }],
      moves: [{ quantity: 5 }, { quantity: 3, from: { stage: 'lost' } }, { quantity: 2, from: { stage: 'lost' } }],
    });
    story.take(received('S-1', 'tesla', [{ ...one, received: 5 }]));
    expect(story.refusal(received('S-1', 'tesla', [{ ...one, received: 1 }]))).toMatchObject({
      code: 'already-received',
    });
    expect(story.books('PO-1')).toEqual(
      expect.arrayContaining([
        'tesla@dhl lost PO-1/1: 40',
        'tesla@tesla held PO-1/1: 58',
        'tesla@tesla damaged PO-1/1: 2',
      ]),
    );
  });
});
