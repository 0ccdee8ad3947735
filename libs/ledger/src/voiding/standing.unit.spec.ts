import { describe, expect, it } from 'vitest';
import { dispatched, of, placed, received, tell, type Told } from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';

const T = of('PO-1', '1', 'tesla');
const lost = (quantity: number, serials?: string[]): Told =>
  tell('shipment.lost', { shipment: 'S-1', lines: [{ ...T, quantity, ...(serials && { serials }) }] });

/** The fact so many before the last one is to be taken back: what stands on it, and what it needs. */
function standingOn(story: Story, before: number): string[] {
  const { sequence, time } = story.ledger.events.at(-1 - before)!;
  const { code, facts } = story.refusal(tell('event.voided', { sequence, reason: 'did_not_occur' }), time);
  expect(code).toBe('depends-on-it');
  return (facts.dependants as { type: string; needs: string }[]).map(({ type, needs }) => `${type}: ${needs}`);
}

function takeBackLast(story: Story): void {
  const { sequence, time } = story.ledger.events.at(-1)!;
  story.take(tell('event.voided', { sequence, reason: 'did_not_occur' }), time);
}

describe('what stands on a fact', () => {
  it('a rescheduling stands on the dispatch without which nothing would have been in transit', () => {
    const sent = dispatched('S-1', [{ ...T, quantity: 5 }]);
    const later = tell('shipment.rescheduled', { shipment: 'S-1', eta: '2024-01-02' });
    expect(standingOn(given(placed('PO-1', 'tesla', 20), sent, lost(5), sent, later), 1)).toEqual([
      'lading.shipment.rescheduled.v1: what is in transit on shipment S-1',
    ]);
    const story = given(placed('PO-1', 'tesla', 20), sent, lost(4), later, sent);
    takeBackLast(story);
    expect(story.units()).toContain('tesla@dhl in_transit S-1 PO-1/1: 1');
  });

  it('what is delivered from what a count found too few stands on that count', () => {
    const count = tell('count.adjusted', { custodian: 'tesla', lines: [{ ...T, observed: 4 }] });
    const from = [{ ...of('PO-1', '1'), stage: 'count' as const }];
    const story = given(
      placed('PO-1', 'tesla', 5),
      placed('PO-2', 'x', 5),
      dispatched('S-1', [{ ...T, quantity: 5 }]),
      received('S-1', 'tesla', [{ ...T, received: 5 }]),
      count,
      dispatched('S-2', [{ ...of('PO-2', '1'), quantity: 1, from }]),
    );
    expect(standingOn(story, 1)).toEqual([
      'lading.shipment.dispatched.v1: units of line 1 of order PO-1 (count, tesla)',
    ]);
  });

  it('a receipt of a lost unit that it does not name stands on the receipt of those that came before it', () => {
    const story = given(
      placed('PO-1', 'tesla', { item: 'D1', quantity: 4 }),
      dispatched('S-1', [{ ...T, quantity: 4 }]),
      lost(1, ['n19']),
      received('S-1', 'tesla', [{ ...T, received: 3 }], false),
      received('S-1', 'tesla', [{ ...T, received: 1 }]),
    );
    expect(standingOn(story, 1)).toEqual(['lading.shipment.received.v1: units by their serial numbers']);
  });

  it('a dispatch of a line that was added needs that line, whether the ledger looked for names in it or not', () => {
    const window = { from: '2023-12-01', to: '2023-12-31' };
    const added = tell('order.lines_added', {
      order: 'PO-1',
      lines: [{ line: '2', item: 'H100', quantity: 5, window }],
    });
    const sent = (shipment: string, from?: 'new') =>
      dispatched(shipment, [{ ...of('PO-1', '2'), quantity: 1, ...(from && { from }) }]);
    expect(standingOn(given(placed('PO-1', 'tesla', 5), added, sent('S-1', 'new'), sent('S-2')), 2)).toEqual([
      'lading.shipment.dispatched.v1: a line that it added',
      'lading.shipment.dispatched.v1: a line that it added',
    ]);
  });

  describe('units that a dispatch put back into supply, all that an account had', () => {
    const story = () =>
      given(
        placed('PO-1', 'tesla', { item: 'D1', quantity: 12 }),
        tell('order.line_changed', { ...T, initiator: 'buyer', quantity: 9, serials: ['n57', 'n58', 'n59'] }),
        dispatched('S-1', [{ ...T, quantity: 9, from: [{ ...of('PO-1', '1'), stage: 'cancelled' }] }]),
        placed('PO-2', 'x', { item: 'D1', quantity: 1, serials: ['n58'] }),
      );

    it('an order that names one of them anew stands on that dispatch', () => {
      expect(standingOn(story(), 1)).toEqual(['lading.order.placed.v1: units by their serial numbers']);
    });

    it('one of them has no number again when the order that named it anew is taken back', () => {
      const told = story();
      takeBackLast(told);
      expect(['n57', 'n58'].map((serial) => told.unit('D1', serial))).toEqual([
        'nvidia@nvidia supply PO-1/1',
        undefined,
      ]);
    });
  });

  it('a unit that an event of one order took elsewhere is there again when a later fact of two orders is taken back', () => {
    const story = given(
      placed('PO-1', 'tesla', { item: 'D1', quantity: 3 }),
      placed('PO-2', 'tesla', { item: 'D1', quantity: 9 }),
      dispatched('S-1', [
        { ...of('PO-1', '1'), quantity: 2, serials: ['a1', 'a2'] },
        { ...of('PO-2', '1'), quantity: 2, serials: ['u1', 'v1'] },
      ]),
      tell('reallocation.made', {
        ...{ reallocation: 'R-1', kind: 'reconsigned', from: 'tesla', to: 'x' },
        lines: [{ ...of('PO-2', '1'), quantity: 1, shipment: 'S-1', serials: ['u1'] }],
      }),
      // Of both orders, and all that Tesla has of the second one, by no name.
      tell('units.returned', {
        ...{ return: 'RET-1', from: 'dhl', to: 'nvidia', shipment: 'S-1' },
        lines: [
          { ...of('PO-1', '1', 'tesla'), quantity: 1, serials: ['a2'] },
          { ...of('PO-2', '1', 'tesla'), quantity: 1 },
        ],
      }),
      dispatched('S-2', [{ ...of('PO-1', '1'), quantity: 1, from: [{ ...of('PO-2', '1'), stage: 'returned' }] }]),
      received('S-1', 'x', [
        { ...of('PO-1', '1', 'tesla'), received: 1 },
        { ...of('PO-2', '1', 'x'), received: 1, serials: ['u1'] },
      ]),
    );
    expect(story.unit('D1', 'u1')).toBe('x@x held PO-2/1');
    takeBackLast(story);
    expect(story.unit('D1', 'u1')).toBe('x@dhl in_transit S-1 PO-2/1');
  });
});
