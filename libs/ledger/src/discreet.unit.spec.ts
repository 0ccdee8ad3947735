import { describe, expect, it } from '@jest/globals';
import { accepted, dispatched, of, placed, proposed, received, tell, type Told } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import type { Command } from './command.ts';
import { isRejected } from './decision.ts';
import { decide } from './decide.ts';
import { toldTo } from './discreet.ts';

const T = of('PO-T', '1');
const D = of('PO-D', '1');
const { ledger, now } = given(
  placed('PO-T', 'tesla', 100),
  placed('PO-X', 'x', 100),
  placed('PO-D', 'tesla', { quantity: 2, item: 'D1' }),
  placed('PO-E', 'x', { quantity: 2, item: 'D1' }),
  dispatched('S-D', [{ ...D, quantity: 2, serials: ['D-1', 'D-2'] }]),
  received('S-D', 'tesla', [{ ...D, received: 2 }]),
  tell('units.held', {
    hold: 'H-1',
    owner: 'tesla',
    purpose: 'Secret',
    until: '2024-01-31T00:00:00Z',
    lines: [{ ...T, quantity: 50 }],
  }),
  proposed('SW-1', 'x', [
    { from: 'tesla', to: 'x', ...T, quantity: 30 },
    { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 1 },
  ]),
  accepted('SW-1', 'tesla'),
);
const answer = (party: string, { type, data }: Told) => {
  const decision = decide({ source: 'urn:test', type, data, time: now.toISOString() } as Command, ledger, now);
  if (!isRejected(decision)) throw new Error('taken');
  const { detail, facts } = toldTo(party, decision, ledger);
  return { detail, facts };
};
const sell: Told = tell('reallocation.made', {
  ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'xai' },
  lines: [{ ...T, quantity: 21 }],
});

describe('a key that speaks for a party is told', () => {
  it.each([
    ['tesla', [{ hold: 'H-1' }, { swap: 'SW-1' }]],
    ['x', [{}, { swap: 'SW-1' }]],
    // It supplies what the swap exchanges.
    ['nvidia', [{}, { swap: 'SW-1' }]],
    ['xai', [{}, {}]],
  ])(
    'of what holds units how many and until when, and what it is called only if it may read it: %s',
    (party, names) => {
      const { detail, facts } = answer(party, sell);
      expect(facts).toMatchObject({ ...T, owner: 'tesla', asked: 21, available: 20 });
      expect(facts.held).toEqual([
        { ...names[0], quantity: 50, until: '2024-01-31T00:00:00Z' },
        { ...names[1], quantity: 30, until: '2023-12-08T12:00:00.000Z' },
      ]);
      const told = JSON.stringify({ detail, facts });
      expect([told.includes('H-1'), told.includes('SW-1')]).toEqual(['hold' in names[0]!, 'swap' in names[1]!]);
      expect(told).not.toContain('Secret');
    },
  );

  it('that a unit is elsewhere, and where only if it is its own, or of an order that it supplies or has bought', () => {
    const again = dispatched('S-E', [{ ...of('PO-E', '1'), quantity: 1, serials: ['D-1'] }]);
    for (const party of ['tesla', 'nvidia']) {
      expect(answer(party, again).facts).toMatchObject({ serial: 'D-1', account: { order: 'PO-D', owner: 'tesla' } });
    }
    for (const party of ['x', 'xai', 'dhl']) {
      const told = answer(party, again);
      expect(told.facts).toMatchObject({ serial: 'D-1', order: 'PO-E', account: null });
      expect(JSON.stringify(told)).not.toMatch(/PO-D|tesla/);
    }
  });
});
