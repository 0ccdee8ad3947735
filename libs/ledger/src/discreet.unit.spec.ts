import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { PROBLEM_FIELDS, type RejectionCode } from '#contracts/rejections';
import {
  accepted,
  december,
  dispatched,
  executed,
  of,
  placed,
  proposed,
  received,
  tell,
  type Told,
} from '#test/ledger/facts';
import { Dice, happens } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { strangeNames } from '#test/ledger/readable';
import { given } from '#test/ledger/story';
import type { Command } from './command.ts';
import { isRejected, reject } from './decision.ts';
import { decide } from './decide.ts';
import { toldTo } from './discreet.ts';
import { whyNotEntitled } from './entitled.ts';

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
  const command = { source: 'urn:test', type, data, time: now.toISOString() } as Command;
  const decision = decide(command, ledger, now);
  if (!isRejected(decision)) throw new Error('taken');
  const { detail, facts } = toldTo(party, decision, command, ledger);
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

describe('of what stands on an event, such a key is told the sequences, in a sentence that counts them right', () => {
  it.each([
    [[7], /^1 later event stands on event 5\./],
    [[9, 7], /^2 later events stand on event 5\./],
  ])('%j', (sequences, sentence) => {
    const dependants = sequences.map((sequence) => ({ sequence, type: 'lading.units.held.v1', needs: 'Secret' }));
    const facts = { sequence: 5, eventType: 'lading.order.placed.v1', dependants };
    const command = {
      ...tell('event.voided', { sequence: 5, reason: 'did_not_occur' }),
      source: 'urn:test',
    } as Command;
    const told = toldTo('tesla', reject('depends-on-it', 'Secret', facts), command, ledger);
    expect(told.detail).toMatch(sentence);
    expect(told.facts).toMatchObject({ dependants: sequences.map((sequence) => ({ sequence })) });
    expect(JSON.stringify(told)).not.toMatch(/Secret|held/);
  });
});

const B = of('PO-B', '1');
/** What one does is in the way of what another says. */
const story = given(
  tell('party.registered', { party: 'ups', name: 'UPS', roles: ['carrier'] }),
  tell('party.registered', { party: 'depot', name: 'Depot', roles: ['customer'] }),
  placed('PO-B', 'tesla', 100, 100, { quantity: 5, item: 'D1', serials: ['B1', 'B2', 'B3', 'B4', 'B5'] }),
  placed('PO-C', 'x', 50),
  dispatched('S-B', [{ ...B, quantity: 90 }], { carrier: 'ups' }),
  received('S-B', 'depot', [{ ...B, received: 60 }]),
  ...(['transferred', 'reconsigned'] as const).map((kind) =>
    tell('reallocation.made', {
      ...{ reallocation: kind, kind, from: 'tesla', to: 'xai' },
      lines: [{ ...B, quantity: 20, ...(kind === 'reconsigned' && { shipment: 'S-B' }) }],
    }),
  ),
  tell('custody.transferred', { from: 'depot', to: 'x', lines: [{ ...B, owner: 'tesla', quantity: 10 }] }),
  dispatched('S-F', [{ ...of('PO-B', '2'), quantity: 10 }], { carrier: 'ups' }),
  tell('reallocation.made', {
    ...{ reallocation: 'RA-A', kind: 'reconsigned', from: 'tesla', to: 'xai' },
    lines: [{ ...of('PO-B', '2'), quantity: 10, shipment: 'S-F' }],
  }),
  // What amd has lost of the line makes every shipment with that line its concern, and none of them its to read.
  dispatched('S-L', [{ ...B, quantity: 2 }], { carrier: 'ups' }),
  tell('reallocation.made', {
    ...{ reallocation: 'RA-L', kind: 'reconsigned', from: 'tesla', to: 'amd' },
    lines: [{ ...B, quantity: 1, shipment: 'S-L' }],
  }),
  tell('shipment.lost', { shipment: 'S-L', lines: [{ ...B, owner: 'amd', quantity: 1 }] }),
  tell('order.placed', {
    ...{ order: 'PO-H', buyer: 'x', supplier: 'amd' },
    lines: [{ line: '1', item: 'H100', quantity: 5, window: december }],
  }),
  proposed('SW-B', 'tesla', [
    { from: 'tesla', to: 'x', ...of('PO-B', '3'), quantity: 2 },
    { from: 'x', to: 'tesla', ...of('PO-C', '1'), quantity: 3 },
  ]),
  accepted('SW-B', 'x'),
);
story.until('2023-12-05T00:00:00Z').take(tell('shipment.rescheduled', { shipment: 'S-F', eta: '2024-01-05' }));

const scrapped = (custodian: string, owner: string) =>
  tell('units.scrapped', { custodian, lines: [{ ...B, owner, quantity: 1 }] });
const sold = (from: string, line: { quantity: number; shipment?: string }, more: object = {}) =>
  tell('reallocation.made', {
    ...{ reallocation: 'RA-9', kind: line.shipment ? 'reconsigned' : 'transferred', from, to: 'tesla', ...more },
    lines: [{ ...(line.shipment ? of('PO-B', '2') : B), ...line }],
  });
const legs = (a: object, b: object): Parameters<typeof proposed>[2] => [
  { from: 'tesla', to: 'x', ...of('PO-B', '2'), quantity: 1, ...a },
  { from: 'x', to: 'tesla', ...of('PO-C', '1'), quantity: 1, ...b },
];

/** Of each code that may name what is others': who says what, and what of the facts it is told. */
const cases: readonly [RejectionCode, by: string, Told, told: object, without?: readonly string[]][] = [
  ['unknown-order-line', 'x', proposed('SW-9', 'x', legs({ line: '9' }, {})), { order: 'PO-B', lines: ['1'] }],
  ['not-the-owner', 'x', sold('x', { quantity: 1 }), { owner: 'x', owners: ['tesla'] }],
  ['not-the-custodian', 'x', scrapped('x', 'xai'), { custodians: [] }],
  ['not-the-custodian', 'xai', scrapped('xai', 'xai'), { custodians: ['depot'] }],
  ['ambiguous-owner', 'xai', received('S-B', 'xai', [{ ...B, received: 1 }]), { owners: ['xai'] }],
  [
    'ambiguous-owner',
    'depot',
    tell('units.scrapped', { custodian: 'depot', lines: [{ ...B, quantity: 1 }] }),
    { owners: ['tesla', 'xai'] },
  ],
  [
    'wrong-stage',
    'xai',
    proposed('SW-9', 'xai', legs({ ...B, to: 'xai', shipment: 'S-B', stage: 'held' }, { from: 'xai' })),
    { owner: 'tesla', elsewhere: [] },
  ],
  [
    'wrong-stage',
    'x',
    proposed('SW-9', 'x', legs({ ...B, shipment: 'S-B', stage: 'held' }, {})),
    { elsewhere: [{ owner: 'tesla', custodian: 'x', stage: 'held', quantity: 10 }] },
  ],
  [
    'overtaken',
    'xai',
    sold('xai', { quantity: 10, shipment: 'S-F' }, { eta: '2024-02-02' }),
    { shipment: 'S-F', overtaken: [{ value: 'eta' }] },
    ['id'],
  ],
  [
    'already-exists',
    'amd',
    dispatched('S-B', [{ ...of('PO-H', '1'), quantity: 1 }], { consignee: 'x' }),
    { shipment: 'S-B' },
    ['consignee', 'carrier', 'ups'],
  ],
  [
    'serial-count',
    'x',
    executed('SW-B', 'x'),
    { order: 'PO-B', line: '3', asked: 2 },
    ['custodian', 'available', 'nvidia'],
  ],
  ['not-a-party', 'xai', proposed('SW-9', 'xai', legs({}, {})), { parties: ['tesla', 'x'] }],
];

describe('a key that speaks for a party is told nothing that it may not read', () => {
  it.each(cases)('%s: said by %s', (code, by, { type, data }, told, without = []) => {
    const command = { source: 'urn:test', type, data, time: '2023-12-02T00:00:00Z' } as Command;
    expect(whyNotEntitled(command, by, story.ledger)).toBeUndefined();
    const decision = decide(command, story.ledger, story.now);
    if (!isRejected(decision)) throw new Error('taken');
    const { detail, facts } = toldTo(by, decision, command, story.ledger);
    expect({ code: decision.code, facts }).toMatchObject({ code, facts: told });
    const all = JSON.stringify({ detail, facts });
    for (const name of without) expect(all).not.toContain(`"${name}"`);
    expect(strangeNames(by, { detail, facts }, command, story.ledger)).toEqual([]);
  });

  it('whatever happens, whoever is refused, and whatever the code', () => {
    const codes = new Map<string, number>();
    const steps = fc.noBias(
      fc.array(fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 }), { minLength: 20, maxLength: 50 }),
    );
    fc.assert(
      fc.property(steps, (rolls) => {
        const history = new History((command, _, decision) => {
          if (decision.ok) return;
          for (const party of ['nvidia', 'amd', 'tesla', 'x', 'xai', 'dhl']) {
            if (whyNotEntitled(command, party, history.ledger) !== undefined) continue;
            const { code, detail, facts } = toldTo(party, decision, command, history.ledger);
            codes.set(code, 1 + (codes.get(code) ?? 0));
            // What a fact of such a name says would be lost: the document has these fields of its own.
            expect(PROBLEM_FIELDS.filter((field) => field in facts)).toEqual([]);
            const strange = strangeNames(party, { detail, facts }, command, history.ledger);
            if (strange.length > 0) throw new Error(JSON.stringify({ party, strange, command, detail, facts }));
          }
        });
        for (const roll of rolls) {
          const dice = new Dice(roll);
          history.happens(happens(dice, history.model), dice.chance(75) ? 0 : dice.roll(12));
        }
      }),
      { numRuns: Number(process.env.LADING_RUNS ?? 25), endOnFailure: true },
    );
    expect(codes.size).toBeGreaterThan(10);
    if (process.env.LADING_RUNS !== undefined) process.stdout.write(JSON.stringify([...codes]));
  });
});
