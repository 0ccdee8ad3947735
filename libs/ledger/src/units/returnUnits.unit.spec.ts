import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const one = of('PO-1', '1');
type Return = Submitted<'lading.units.returned.v1'>;
const returned = (lines: Return['lines'], rest: Partial<Return> = {}) =>
  tell('units.returned', { return: 'R-1', from: 'x', to: 'nvidia', lines, ...rest });
const sent = [placed('PO-1', 'tesla', 100), dispatched('S-1', [{ ...one, quantity: 100 }])];
const atX = [...sent, received('S-1', 'x', [{ ...one, received: 80, damaged: 20 }])];

describe('units are returned', () => {
  it('returned units, held or damaged, leave their custodian, belong to the supplier, and are with the party that takes them back', () => {
    const story = given(...atX);
    const data = story.take(
      returned(
        [
          { ...one, quantity: 20, stage: 'damaged' },
          { ...one, quantity: 5 },
        ],
        { to: 'dhl' },
      ),
    );
    expect(data).toMatchObject({
      lines: [
        { owner: 'tesla', item: 'H100' },
        { owner: 'tesla', item: 'H100' },
      ],
    });
    expect(story.books()).toEqual(['nvidia@dhl returned PO-1/1: 25', 'tesla@x held PO-1/1: 75']);
  });

  it('goods in transit are refused by naming their shipment, for all lines or for one', () => {
    const story = given(...sent);
    story.take(returned([{ ...one, quantity: 10 }], { shipment: 'S-1' }));
    story.take(returned([{ ...one, quantity: 5, shipment: 'S-1' }], { return: 'R-2' }));
    expect(story.books()).toEqual(['nvidia@nvidia returned PO-1/1: 15', 'tesla@dhl in_transit S-1 PO-1/1: 85']);
    expect(story.ledger.entity('shipment/S-1')).toMatchObject({ version: story.ledger.events.length });
  });

  it('goods that were received meanwhile cannot be refused, because they have moved on', () => {
    expect(
      given(...atX).refusal(returned([{ ...one, owner: 'tesla', quantity: 1 }], { shipment: 'S-1' })),
    ).toMatchObject({
      code: 'wrong-stage',
      facts: {
        elsewhere: [
          { custodian: 'x', stage: 'held', quantity: 80 },
          { stage: 'damaged', quantity: 20 },
        ],
      },
    });
    expect(given(...atX).refusal(returned([{ ...one, quantity: 1 }], { shipment: 'S-1' }))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { available: 0 },
    });
  });

  it('a return of units as damaged and in transit at once is rejected', () => {
    const both = returned([{ ...one, quantity: 1, stage: 'damaged' }], { shipment: 'S-1' });
    expect(given(...sent).refusal(both)).toMatchObject({ code: 'wrong-stage' });
  });

  it('a return by a party that does not have the units is rejected with the party that does', () => {
    expect(given(...atX).refusal(returned([{ ...one, quantity: 1 }], { from: 'tesla' }))).toMatchObject({
      code: 'not-the-custodian',
      facts: { custodian: 'tesla', custodians: ['x'] },
    });
  });

  it('units are not returned before they have arrived, except as refused goods', () => {
    expect(given(...sent).refusal(returned([{ ...one, quantity: 1 }]))).toMatchObject({
      code: 'wrong-stage',
      facts: { elsewhere: [{ stage: 'in_transit', shipment: 'S-1' }] },
    });
  });

  it('a return happens once under an id, for no more than there are, by registered parties, on a known shipment', () => {
    const story = given(...atX, returned([{ ...one, quantity: 1 }]));
    expect(story.refusal(returned([{ ...one, quantity: 1 }]))).toMatchObject({
      code: 'already-exists',
      facts: { return: 'R-1' },
    });
    const next = { return: 'R-2' };
    expect(story.refusal(returned([{ ...one, quantity: 80 }], next))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 80, available: 79 },
    });
    expect(story.refusal(returned([{ ...one, quantity: 1 }], { ...next, to: 'who' }))).toMatchObject({
      code: 'unknown-party',
    });
    expect(story.refusal(returned([{ ...one, quantity: 1 }], { ...next, shipment: 'S-9' }))).toMatchObject({
      code: 'unknown-shipment',
      facts: { shipment: 'S-9' },
    });
  });
});
