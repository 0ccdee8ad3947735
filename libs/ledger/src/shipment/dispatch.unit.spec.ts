import { describe, expect, it } from 'vitest';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const line = (quantity: number, owner?: string) => ({ ...of('PO-1', '1', owner), quantity });
const toX = tell('reallocation.made', {
  reallocation: 'RA-1',
  kind: 'reassigned',
  from: 'tesla',
  to: 'x',
  lines: [{ ...of('PO-1', '1'), quantity: 40 }],
});

describe('a shipment is dispatched', () => {
  it('dispatched units are in transit with the carrier, and keep their owner', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    expect(story.take(dispatched('S-1', [line(100)]))).toMatchObject({
      lines: [{ order: 'PO-1', line: '1', quantity: 100, owner: 'tesla', item: 'H100' }],
      moves: [
        {
          quantity: 100,
          from: { owner: 'tesla', custodian: 'nvidia', stage: 'ordered' },
          to: { owner: 'tesla', custodian: 'dhl', stage: 'in_transit', shipment: 'S-1' },
        },
      ],
    });
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 100']);
  });

  it('a line that is dispatched in parts stays ordered until its last unit has left', () => {
    const story = given(placed('PO-1', 'tesla', 100), dispatched('S-1', [line(30)]), dispatched('S-2', [line(30)]));
    expect(story.units()).toEqual([
      'tesla@dhl in_transit S-1 PO-1/1: 30',
      'tesla@dhl in_transit S-2 PO-1/1: 30',
      'tesla@nvidia ordered PO-1/1: 40',
    ]);
  });

  it('a second dispatch under the same id adds units and orders, until something of the shipment was received', () => {
    const story = given(placed('PO-1', 'tesla', 100), placed('PO-2', 'x', 10), dispatched('S-1', [line(30)]));
    story.take(dispatched('S-1', [line(5), { ...of('PO-2', '1'), quantity: 10 }]));
    expect(story.ledger.entity('shipment/S-1')).toMatchObject({ orders: ['PO-1', 'PO-2'], received: false });
    story.take(received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 1 }]));
    expect(story.refusal(dispatched('S-1', [line(5)]))).toMatchObject({
      code: 'already-received',
      facts: { shipment: 'S-1' },
    });
  });

  it.each([
    ['consignee', { consignee: 'x' }],
    ['carrier', { carrier: 'xai' }],
    ['destination', { destination: 'Memphis' }],
    ['day of arrival', { eta: '2024-02-02' }],
  ])('a second dispatch of a shipment with another %s is rejected, because the shipment exists', (_, header) => {
    const first = { destination: 'Austin', eta: '2023-12-28' };
    const story = given(placed('PO-1', 'tesla', 100), dispatched('S-1', [line(30)], first));
    expect(story.refusal(dispatched('S-1', [line(5)], { ...first, ...header }))).toMatchObject({
      code: 'already-exists',
      facts: { shipment: 'S-1', consignee: 'tesla', carrier: 'dhl', ...first },
    });
    story.take(dispatched('S-1', [line(5)]));
  });

  it('the owner of dispatched units may be left out only while one owner could be meant', () => {
    const story = given(placed('PO-1', 'tesla', 100), toX);
    expect(story.refusal(dispatched('S-1', [line(10)]))).toMatchObject({
      code: 'ambiguous-owner',
      facts: { order: 'PO-1', line: '1', owners: ['tesla', 'x'] },
    });
    story.take(dispatched('S-1', [line(10, 'x'), line(60, 'tesla')]));
    expect(story.take(dispatched('S-2', [line(30)]))).toMatchObject({ lines: [{ owner: 'x' }] });
    expect(story.refusal(dispatched('S-3', [line(1)]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 1, available: 0 },
    });
  });

  it('a dispatch of more than is ordered, all lines of one owner summed, is rejected', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    expect(story.refusal(dispatched('S-1', [line(60), line(60)]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-1', line: '1', owner: 'tesla', asked: 120, available: 100 },
    });
  });

  it('a dispatch of the units of another owner is rejected', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    expect(story.refusal(dispatched('S-1', [line(10, 'x')]))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'x', owners: ['tesla'] },
    });
  });

  it('a dispatch by or to a party that is not registered is rejected', () => {
    const story = given(placed('PO-1', 'tesla', 100));
    for (const [role, header] of [
      ['consignee', { consignee: 'who' }],
      ['carrier', { carrier: 'who' }],
    ] as const) {
      expect(story.refusal(dispatched('S-1', [line(1)], header))).toMatchObject({
        code: 'unknown-party',
        facts: { party: 'who', role },
      });
    }
    expect(story.refusal(dispatched('S-1', [line(1, 'who')]))).toMatchObject({ code: 'unknown-party' });
  });
});
