import { describe, expect, it } from 'vitest';
import type { Told } from '../../event/told.ts';
import { handoversOf } from './custody.ts';

const at = (custodian: string, shipment?: string, owner = 'tesla') => ({
  owner,
  custodian,
  stage: 'in_transit',
  shipment,
});
const move = (quantity: number, from: object, to: object) => ({
  item: 'H100',
  order: 'PO-1',
  line: '1',
  quantity,
  from,
  to,
});
const told = (sequence: number, type: string, data: object): Told => ({
  sequence: String(sequence).padStart(16, '0'),
  type: `lading.${type}.v1`,
  time: '2023-12-01T10:00:00Z',
  data,
});

describe('who has had a shipment', () => {
  it('is told hand by hand, without what was taken back, other shipments, and changes of the owner', () => {
    const events = [
      told(11, 'shipment.dispatched', {
        moves: [move(5, at('nvidia'), at('dhl', 'S-1')), move(7, at('nvidia'), at('dhl', 'S-1'))],
      }),
      told(12, 'custody.transferred', {
        moves: [move(6, at('dhl', 'S-1'), at('ups', 'S-1')), move(1, at('dhl', 'S-2'), at('ups', 'S-2'))],
      }),
      told(13, 'custody.transferred', { moves: [move(6, at('dhl', 'S-1'), at('ups', 'S-1'))] }),
      told(14, 'event.voided', { sequence: 13, moves: [move(6, at('ups', 'S-1'), at('dhl', 'S-1'))] }),
      told(15, 'swap.executed', { moves: [move(12, at('dhl', 'S-1'), at('dhl', 'S-1', 'x'))] }),
      told(16, 'shipment.rescheduled', {}),
      told(17, 'shipment.received', {
        moves: [move(6, at('ups', 'S-1', 'x'), at('x')), move(6, at('dhl', 'S-1', 'x'), at('x'))],
      }),
    ];
    expect(
      handoversOf('S-1', events).map(({ sequence, from, to, quantities }) => [sequence, from, to, [...quantities]]),
    ).toEqual([
      [11, 'nvidia', 'dhl', [['H100', 12]]],
      [12, 'dhl', 'ups', [['H100', 6]]],
      [17, 'ups', 'x', [['H100', 6]]],
      [17, 'dhl', 'x', [['H100', 6]]],
    ]);
  });
});
