import { describe, expect, it } from 'vitest';
import type { OrderRow, ShipmentRow } from '#contracts/rows';
import { deliveryOf } from './delivery.ts';

const line: OrderRow['lines'][number] = {
  ...{ line: '1', item: 'H100', quantity: 12_000, cancelled: 500, due: '2023-12-31' },
  window: { from: '2023-12-01', to: '2023-12-31' },
  promised: {
    ...{ code: 'changed', quantity: 11_000, window: { from: '2024-01-01', to: '2024-02-15' }, reason: null },
    ordered: { quantity: 12_000, window: { from: '2023-12-01', to: '2023-12-31' } },
    ...{ sequence: 9, confirmed: '2023-12-05T10:00:00Z', stands: true },
  },
  units: [
    { owner: 'tesla', custodian: 'nvidia', stage: 'ordered', shipment: null, quantity: 2_000 },
    { owner: 'x', custodian: 'dhl', stage: 'in_transit', shipment: 'S-1', quantity: 8_000 },
    { owner: 'tesla', custodian: 'tesla', stage: 'held', shipment: null, quantity: 2_000 },
  ],
  ...{ onHold: 0, available: 2_000, holds: [] },
};
const order: OrderRow = {
  order: 'PO-1',
  buyer: 'tesla',
  supplier: 'nvidia',
  placed: '2023-07-03T15:00:00Z',
  lines: [line],
};

describe('the delivery of an order line', () => {
  it('says what is there, on the way and to come', () => {
    expect(deliveryOf([order], '2023-12-31')).toMatchObject([
      { toCome: 2_000, onTheWay: 8_000, arrived: 2_000, isLate: false },
    ]);
  });

  it('is late from the day after the one that its supplier is held to', () => {
    expect(deliveryOf([order], '2024-01-01')[0]?.isLate).toBe(true);
  });

  it('says why it is late or short, what weighs most first', () => {
    expect(deliveryOf([order], '2024-01-01')[0]?.reasons).toEqual([
      '8,000 went to x',
      'the supplier confirmed them for 15 Feb 2024',
      'the supplier confirmed 1,000 fewer',
      '2,000 were not sent yet',
      '500 were cancelled',
    ]);
  });

  it('says when it was due before its window was moved to a later one, and nothing of an earlier one', () => {
    const moved = (dueFirst: string) =>
      deliveryOf([{ ...order, lines: [{ ...line, dueFirst, promised: null }] }], '2023-12-31')[0]?.reasons;
    expect(moved('2023-06-30')).toContain('it was due on 30 Jun 2023, before its window was moved');
    expect(moved('2024-01-31')).toEqual(['8,000 went to x', '500 were cancelled']);
  });

  it('says what became of it on the way, and who came later and was served first', () => {
    const sent = { order: 'PO-1', line: '1', item: 'H100', owner: 'tesla', surplus: 0 };
    const shipment = {
      ...{ shipment: 'S-1', consignee: 'tesla', carrier: 'dhl', destination: null, eta: '2024-02-01' },
      ...{ dispatched: '2023-12-20T10:00:00Z', status: 'in_transit' as const },
      lines: [
        {
          ...sent,
          advised: 10_000,
          received: 1_900,
          damaged: 20,
          lost: 50,
          inTransit: 8_000,
          arrived: '2023-12-28T09:00:00.000Z',
        },
      ],
    };
    const later: OrderRow = {
      ...{ ...order, order: 'PO-2', buyer: 'x', placed: '2023-08-01T10:00:00Z' },
      lines: [{ ...line, units: [{ ...line.units[2]!, owner: 'x', quantity: 900 }], cancelled: 0, promised: null }],
    };
    expect(deliveryOf([order, later], '2024-01-01', [shipment])[0]?.reasons).toEqual([
      '8,000 went to x',
      '8,000 are expected on 1 Feb 2024, with S-1',
      'the supplier confirmed them for 15 Feb 2024',
      'the supplier confirmed 1,000 fewer',
      '2,000 were not sent yet',
      'overtaken by PO-2 line 1 of x: 900 were sent first',
      '500 were cancelled',
      '50 were lost on S-1',
      '30 fewer arrived than S-1 was said to have',
      '20 arrived damaged with S-1',
    ]);
  });

  it('says when its units were sent, are expected and arrived, shipment by shipment, in the order of the days', () => {
    const none = { damaged: 0, surplus: 0, lost: 0, inTransit: 0, arrived: null };
    const part = { order: 'PO-1', line: '1', item: 'H100', owner: 'tesla', advised: 0, received: 0, ...none };
    const arrived = '2023-12-28T09:00:00.000Z';
    const header = { consignee: 'tesla', carrier: 'dhl', destination: null, status: 'received' as const };
    const shipments: ShipmentRow[] = [
      {
        ...{ ...header, shipment: 'S-2', eta: '2024-02-01', dispatched: '2023-12-30T10:00:00Z' },
        lines: [{ ...part, advised: 8_000, inTransit: 8_000 }],
      },
      {
        ...{ ...header, shipment: 'S-1', eta: '2023-12-27', dispatched: '2023-12-20T10:00:00Z' },
        lines: [
          { ...part, advised: 1_500, received: 1_480, damaged: 20, arrived: '2023-12-27T09:00:00.000Z' },
          { ...part, owner: 'x', advised: 500, received: 500, arrived },
          { ...part, line: '2', advised: 7, inTransit: 7 },
          { ...part, owner: 'nvidia', surplus: 3, arrived: null },
        ],
      },
    ];
    expect(deliveryOf([order], '2024-01-01', shipments)[0]?.marks).toEqual([
      { kind: 'sent', day: '2023-12-20', shipment: 'S-1', quantity: 2_000 },
      { kind: 'arrived', day: '2023-12-27', shipment: 'S-1', quantity: 1_500 },
      { kind: 'arrived', day: '2023-12-28', shipment: 'S-1', quantity: 500 },
      { kind: 'sent', day: '2023-12-30', shipment: 'S-2', quantity: 8_000 },
      { kind: 'expected', day: '2024-02-01', shipment: 'S-2', quantity: 8_000 },
    ]);
  });

  it('came late where the last of it arrived after its day: it says with what, and until when it was late', () => {
    const held = { owner: 'tesla', custodian: 'tesla', stage: 'held' as const, shipment: null, quantity: 12_000 };
    const all: OrderRow = { ...order, lines: [{ ...line, cancelled: 0, promised: null, units: [held] }] };
    const part = { order: 'PO-1', line: '1', item: 'H100', surplus: 0, lost: 3, damaged: 0, inTransit: 0 };
    const shipment: ShipmentRow = {
      ...{
        shipment: 'S-1',
        consignee: 'tesla',
        carrier: 'dhl',
        destination: null,
        eta: null,
        status: 'received' as const,
      },
      dispatched: '2023-12-20T10:00:00Z',
      lines: [
        { ...part, owner: 'tesla', advised: 11_003, received: 11_000, arrived: '2024-01-05T09:00:00.000Z' },
        { ...part, owner: 'x', advised: 1_003, received: 1_000, arrived: '2024-01-20T09:00:00.000Z' },
      ],
    };
    const [came] = deliveryOf([all], '2024-02-01', [shipment]);
    expect([came?.isLate, came?.lateUntil]).toEqual([false, '2024-01-20']);
    // What owners have on one shipment is one reason.
    expect(came?.reasons).toEqual(['S-1 had not all arrived before 20 Jan 2024', '6 were lost on S-1']);
    const inTime = {
      ...shipment,
      lines: [{ ...shipment.lines[0]!, lost: 0, advised: 11_000, arrived: '2023-12-31T23:00:00.000Z' }],
    };
    expect(deliveryOf([all], '2024-02-01', [inTime])[0]).toMatchObject({ lateUntil: undefined, reasons: [] });
    expect(deliveryOf([order], '2024-01-09', [shipment])[0]?.lateUntil).toBe('2024-01-09');
  });
});
