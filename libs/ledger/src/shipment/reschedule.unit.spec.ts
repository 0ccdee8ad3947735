import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';

const one = of('PO-1', '1');
const HEADER = { consignee: 'tesla', carrier: 'dhl', destination: 'Austin', eta: '2023-12-28' };
const reschedule = (rest: Omit<Submitted<'lading.shipment.rescheduled.v1'>, 'shipment'>, shipment = 'S-1') =>
  tell('shipment.rescheduled', { shipment, ...rest });
const story = (): Story =>
  given(
    tell('party.registered', { party: 'ups', name: 'UPS', roles: ['carrier'] }),
    placed('PO-1', 'tesla', 100),
    placed('PO-2', 'x', 10),
    dispatched(
      'S-1',
      [
        { ...one, quantity: 60 },
        { ...of('PO-2', '1'), quantity: 10 },
      ],
      HEADER,
    ),
  ).until('2024-02-01T00:00:00Z');
const day = (n: number): string => `2024-01-${String(n).padStart(2, '0')}T09:00:00Z`;

describe('a shipment is rescheduled', () => {
  it.each([
    ['when it arrives', { eta: '2024-01-04' }],
    ['where', { destination: 'Memphis' }],
    ['for whom', { consignee: 'x' }],
    ['all of it', { eta: '2024-01-04', destination: 'Memphis', consignee: 'x' }],
  ])('%s is said anew, the rest of its header stays, and no unit moves', (_, rest) => {
    const on = story();
    const before = on.units();
    expect(on.take(reschedule(rest))).toEqual({ shipment: 'S-1', ...rest, previous: HEADER });
    expect(on.ledger.entity('shipment/S-1')).toMatchObject({ ...HEADER, ...rest });
    expect(on.units()).toEqual(before);
  });

  it('another carrier has what is still in transit from then on, all of it, and what was received stays where it is', () => {
    const on = story();
    on.take(received('S-1', 'tesla', [{ ...one, received: 20 }]));
    expect(on.take(reschedule({ carrier: 'ups' }))).toMatchObject({
      previous: { carrier: 'dhl' },
      moves: [
        {
          order: 'PO-1',
          quantity: 40,
          from: { custodian: 'dhl', shipment: 'S-1' },
          to: { custodian: 'ups', shipment: 'S-1' },
        },
        { order: 'PO-2', quantity: 10, from: { owner: 'x' }, to: { owner: 'x', custodian: 'ups' } },
      ],
    });
    expect(on.units()).toEqual([
      'tesla@nvidia ordered PO-1/1: 40',
      'tesla@tesla held PO-1/1: 20',
      'tesla@ups in_transit S-1 PO-1/1: 40',
      'x@ups in_transit S-1 PO-2/1: 10',
    ]);
    on.take(received('S-1', 'tesla', [{ ...one, received: 40 }]));
  });

  it('another carrier gets what it does not have yet, and may have been handed all of it before', () => {
    const on = story();
    on.take(
      tell('custody.transferred', { from: 'dhl', to: 'ups', shipment: 'S-1', lines: [{ ...one, quantity: 60 }] }),
    );
    expect(on.take(reschedule({ carrier: 'ups' }))).toMatchObject({ moves: [{ order: 'PO-2', quantity: 10 }] });
    const again = story();
    for (const order of ['PO-1', 'PO-2']) {
      const quantity = order === 'PO-1' ? 60 : 10;
      again.take(
        tell('custody.transferred', {
          from: 'dhl',
          to: 'ups',
          shipment: 'S-1',
          lines: [{ ...of(order, '1'), quantity }],
        }),
      );
    }
    expect(again.take(reschedule({ carrier: 'ups' }))).not.toHaveProperty('moves');
  });

  it('units with serial numbers go to another carrier with their numbers', () => {
    const on = given(placed('PO-D', 'tesla', { quantity: 2, item: 'D1' }));
    on.take(dispatched('S-1', [{ ...of('PO-D', '1'), quantity: 2, serials: ['a', 'b'] }]));
    on.take(reschedule({ carrier: 'x' }));
    expect(on.unit('D1', 'a')).toBe('tesla@x in_transit S-1 PO-D/1');
  });

  it('what it sets is overtaken by a later occurrence, which is named, and the parts that are not may be sent', () => {
    const on = story();
    on.take(reschedule({ eta: '2024-01-10' }), day(5));
    const { sequence, id } = on.ledger.events.at(-1)!;
    expect(on.refusal(reschedule({ eta: '2024-01-08', destination: 'Memphis' }), day(4))).toMatchObject({
      code: 'overtaken',
      facts: {
        ...HEADER,
        eta: '2024-01-10',
        overtaken: [{ value: 'eta', sequence, id, time: day(5) }],
        notBefore: day(5),
      },
    });
    on.take(reschedule({ destination: 'Memphis' }), day(4));
    on.take(reschedule({ eta: '2024-01-08' }), day(5));
    expect(on.refusal(reschedule({ consignee: 'x' }), '2023-11-30T00:00:00Z')).toMatchObject({ code: 'overtaken' });
  });

  it('a dispatch of more gives the header as it was rescheduled, and one from before names what changed since', () => {
    const on = story();
    on.take(reschedule({ eta: '2024-01-10' }), day(5));
    const more = [{ ...one, quantity: 1 }];
    expect(on.refusal(dispatched('S-1', more, HEADER), day(4))).toMatchObject({
      code: 'overtaken',
      facts: { eta: '2024-01-10' },
    });
    on.take(dispatched('S-1', more, { ...HEADER, eta: '2024-01-10' }), day(6));
    // Said again on the 6th, it was not another day on the 5th.
    expect(on.refusal(reschedule({ eta: '2024-01-12' }), day(5))).toMatchObject({ code: 'overtaken' });
  });

  it('to what it is already, or when nothing is in transit any more, there is nothing to reschedule', () => {
    const on = story();
    expect(on.refusal(reschedule(HEADER))).toMatchObject({
      code: 'nothing-to-do',
      facts: { shipment: 'S-1', ...HEADER },
    });
    on.take(
      received('S-1', 'x', [
        { ...one, received: 60 },
        { ...of('PO-2', '1'), received: 10 },
      ]),
    );
    expect(on.refusal(reschedule({ eta: '2024-01-04' }))).toMatchObject({
      code: 'already-received',
      facts: { shipment: 'S-1' },
    });
    expect(on.refusal(reschedule({ eta: '2024-01-04' }, 'S-9'))).toMatchObject({ code: 'unknown-shipment' });
  });
});
