import { describe, expect, it } from 'vitest';
import { december, dispatched, january, of, placed, proposed } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const orders = [placed('PO-T', 'tesla', 100), placed('PO-X', 'x', { quantity: 60, window: january }, 60)];
const toX = { from: 'tesla', to: 'x', ...of('PO-T', '1'), quantity: 100 };
const toTesla = { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 60 };

describe('a swap is proposed', () => {
  it('a proposed swap has legs both ways, each kept with its item and the window of its line', () => {
    const story = given(...orders);
    expect(story.take(proposed('SW-1', 'x', [toX, toTesla]))).toMatchObject({
      legs: [
        { ...toX, item: 'H100', window: december },
        { ...toTesla, item: 'H100', window: january },
      ],
    });
    expect(story.units()).toEqual([
      'tesla@nvidia ordered PO-T/1: 100',
      'x@nvidia ordered PO-X/1: 60',
      'x@nvidia ordered PO-X/2: 60',
    ]);
  });

  it('a swap is proposed by a party of it, which has then accepted, or by the supplier, which has not', () => {
    const story = given(...orders);
    story.take(proposed('SW-1', 'x', [toX, toTesla]));
    expect(story.ledger.entity('swap/SW-1')).toMatchObject({ status: 'proposed', accepted: ['x'] });
    story.take(proposed('SW-2', 'nvidia', [toX, toTesla]));
    expect(story.ledger.entity('swap/SW-2')).toMatchObject({ status: 'proposed', accepted: [] });
    expect(story.refusal(proposed('SW-3', 'xai', [toX, toTesla]))).toMatchObject({
      code: 'not-a-party',
      facts: { swap: 'SW-3', by: 'xai', parties: ['tesla', 'x', 'nvidia'] },
    });
  });

  it('a swap may be proposed for more units than there are, because a proposal reserves nothing', () => {
    given(...orders).take(proposed('SW-1', 'x', [{ ...toX, quantity: 999 }, toTesla]));
  });

  it('a swap may be proposed among three parties in a ring, where each gives and receives', () => {
    const ring = [toX, { ...toTesla, to: 'xai' }, { from: 'xai', to: 'tesla', ...of('PO-X', '2'), quantity: 1 }];
    given(...orders).take(proposed('SW-1', 'x', ring));
  });

  it('a swap in which a party only gives or only receives is rejected, because that is a reallocation', () => {
    const story = given(...orders);
    expect(story.refusal(proposed('SW-1', 'x', [toX]))).toMatchObject({
      code: 'not-a-swap',
      facts: { swap: 'SW-1', parties: ['tesla', 'x'], givesNothing: ['x'], receivesNothing: ['tesla'] },
    });
    expect(story.refusal(proposed('SW-1', 'x', [toX, toTesla, { ...toX, to: 'xai' }]))).toMatchObject({
      code: 'not-a-swap',
      facts: { parties: ['xai'] },
    });
    expect(story.refusal(proposed('SW-1', 'x', [toX, toTesla, { ...toX, to: 'tesla' }]))).toMatchObject({
      code: 'not-a-swap',
      facts: { leg: 2 },
    });
  });

  it('a swap is not proposed twice under one id', () => {
    const story = given(...orders, proposed('SW-1', 'x', [toX, toTesla]));
    expect(story.refusal(proposed('SW-1', 'tesla', [toX, toTesla]))).toMatchObject({ code: 'already-exists' });
  });

  it('a swap about unknown orders, lines, shipments or parties is rejected', () => {
    const story = given(...orders);
    const refused = (leg: Partial<typeof toX> & { shipment?: string; custodian?: string }) =>
      story.refusal(proposed('SW-1', 'x', [{ ...toX, ...leg }, toTesla]));
    expect(refused({ order: 'PO-9' })).toMatchObject({ code: 'unknown-order', facts: { order: 'PO-9' } });
    expect(refused({ line: '9' })).toMatchObject({ code: 'unknown-order-line', facts: { line: '9' } });
    expect(refused({ shipment: 'S-9' })).toMatchObject({ code: 'unknown-shipment', facts: { shipment: 'S-9' } });
    expect(refused({ to: 'who' })).toMatchObject({ code: 'unknown-party', facts: { party: 'who', role: 'to' } });
    expect(refused({ custodian: 'who' })).toMatchObject({ code: 'unknown-party', facts: { role: 'custodian' } });
  });

  it('a swap that can never be executed is rejected', () => {
    const story = given(
      ...orders,
      dispatched('S-1', [{ ...of('PO-T', '1'), quantity: 10 }]),
      placed('PO-D', 'tesla', { quantity: 5, item: 'D1' }),
    );
    const leg = { ...toX, quantity: 2 };
    const tiles = { ...leg, ...of('PO-D', '1') };
    expect(story.refusal(proposed('SW-1', 'x', [{ ...leg, shipment: 'S-1', stage: 'held' }, toTesla]))).toMatchObject({
      code: 'wrong-stage',
    });
    expect(story.refusal(proposed('SW-1', 'x', [{ ...leg, serials: ['a', 'b'] }, toTesla]))).toMatchObject({
      code: 'wrong-tracking',
      facts: { item: 'H100' },
    });
    expect(story.refusal(proposed('SW-1', 'x', [{ ...tiles, serials: ['a'] }, toTesla]))).toMatchObject({
      code: 'serial-count',
      facts: { asked: 2, named: 1 },
    });
    story.take(proposed('SW-1', 'x', [{ ...tiles, serials: ['a', 'b'] }, toTesla]));
  });
});
