import { describe, expect, it } from 'vitest';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const one = of('PO-1', '1');
const lost = (quantity: number, owner?: string) =>
  tell('shipment.lost', { shipment: 'S-1', lines: [{ ...of('PO-1', '1', owner), quantity }], reason: 'fell off' });
const sent = [placed('PO-1', 'tesla', 100), dispatched('S-1', [{ ...one, quantity: 100 }])];

describe('units of a shipment are lost', () => {
  it('lost units are with the carrier, and keep their owner', () => {
    const story = given(...sent);
    expect(story.take(lost(5))).toMatchObject({ lines: [{ owner: 'tesla', item: 'H100' }] });
    expect(story.books()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 95', 'tesla@dhl lost PO-1/1: 5']);
  });

  it('a loss of more units than are in transit on the shipment is rejected', () => {
    const story = given(...sent, received('S-1', 'tesla', [{ ...one, received: 98 }]));
    expect(story.refusal(lost(3))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { shipment: 'S-1', asked: 3, available: 2 },
    });
    story.take(lost(2));
    expect(story.refusal(lost(1))).toMatchObject({ code: 'insufficient-quantity', facts: { available: 0 } });
  });

  it('of units that were handed from one carrier to another, a loss says which carrier lost them; else those nearest to their end are lost', () => {
    const handed = tell('custody.transferred', { from: 'dhl', to: 'xai', lines: [{ ...one, quantity: 40 }] });
    const story = given(...sent, handed, lost(3));
    story.take(tell('shipment.lost', { shipment: 'S-1', lines: [{ ...one, custodian: 'dhl', quantity: 2 }] }));
    expect(story.books()).toEqual([
      'tesla@dhl in_transit S-1 PO-1/1: 58',
      'tesla@dhl lost PO-1/1: 2',
      'tesla@xai in_transit S-1 PO-1/1: 37',
      'tesla@xai lost PO-1/1: 3',
    ]);
  });

  it('a loss of the units of another owner, or on an unknown shipment, is rejected', () => {
    const story = given(...sent);
    expect(story.refusal(lost(1, 'x'))).toMatchObject({ code: 'not-the-owner', facts: { owners: ['tesla'] } });
    const elsewhere = tell('shipment.lost', { shipment: 'S-2', lines: [{ ...one, quantity: 1 }] });
    expect(story.refusal(elsewhere)).toMatchObject({ code: 'unknown-shipment' });
  });
});
