import { describe, expect, it } from 'vitest';
import { type EventType, eventTypes } from '#contracts/catalog';
import type { RejectionCode } from '#contracts/rejections';
import { accepted, dispatched, of, placed, proposed, received, tell, type Told } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import type { Command } from './command.ts';
import { decide } from './decide.ts';

const now = new Date('2024-01-01T12:00:00Z');
const one = { ...of('PO-1', '1'), owner: 'tesla' };
const serial = of('PO-D', '1');
const swap = (id: string, expires?: string) =>
  proposed(
    id,
    'x',
    [
      { from: 'tesla', to: 'x', ...of('PO-1', '1'), quantity: 1 },
      { from: 'x', to: 'tesla', ...of('PO-2', '1'), quantity: 1 },
    ],
    expires === undefined ? {} : { expires },
  );
const { ledger } = given(
  placed('PO-1', 'tesla', 100, 50),
  placed('PO-2', 'x', 10),
  placed('PO-D', 'tesla', { quantity: 5, item: 'D1' }),
  dispatched('S-1', [{ ...one, quantity: 60 }]),
  dispatched('S-2', [{ ...one, quantity: 5 }], { document: 'N-0' }),
  received('S-1', 'x', [{ ...one, received: 20 }]),
  tell('shipment.rescheduled', { shipment: 'S-2', document: 'N-0', destination: 'Austin' }),
  tell('shipment.received', { shipment: 'S-1', by: 'x', document: 'N-0', lines: [{ ...one, received: 1 }] }),
  tell('shipment.lost', { shipment: 'S-1', document: 'N-0', lines: [{ ...one, quantity: 1 }] }),
  tell('units.scrapped', { custodian: 'x', document: 'N-0', lines: [{ ...one, quantity: 1 }] }),
  tell('custody.transferred', { from: 'x', to: 'xai', document: 'N-0', lines: [{ ...one, quantity: 1 }] }),
  tell('units.condition_changed', {
    custodian: 'xai',
    document: 'N-0',
    lines: [{ ...one, quantity: 1, to: 'damaged' }],
  }),
  tell('count.adjusted', { custodian: 'xai', document: 'N-0', lines: [{ ...one, observed: 1 }] }),
  tell('order.confirmed', { order: 'PO-2', document: 'N-0', lines: [{ line: '1', code: 'accepted' }] }),
  tell('supply.committed', {
    ...{ supplier: 'nvidia', item: 'H100', document: 'N-0' },
    ...{ period: { from: '2023-12-01', to: '2023-12-31' }, quantity: 10 },
  }),
  tell('units.returned', { return: 'R-0', from: 'x', to: 'nvidia', lines: [{ ...one, quantity: 1 }] }),
  tell('reallocation.made', {
    reallocation: 'RA-0',
    kind: 'reassigned',
    from: 'tesla',
    to: 'x',
    lines: [{ ...of('PO-1', '1'), quantity: 1 }],
  }),
  tell('units.held', {
    hold: 'H-0',
    owner: 'tesla',
    purpose: 'Kept',
    until: '2030-01-01T00:00:00Z',
    lines: [{ ...of('PO-1', '1'), quantity: 1 }],
  }),
  ...['H-1', 'H-2', 'H-3'].map((hold, at) =>
    tell('units.held', {
      hold,
      owner: at < 2 ? 'tesla' : 'x',
      purpose: 'Kept',
      until: '2030-01-01T00:00:00Z',
      lines: [{ ...of(at < 2 ? 'PO-1' : 'PO-2', at < 2 ? '2' : '1'), quantity: 1 }],
    }),
  ),
  tell('units.released', { hold: 'H-2' }),
  swap('SW-1', '2030-01-01T00:00:00Z'),
  accepted('SW-1', 'tesla'),
  swap('SW-2'),
  swap('SW-0'),
  tell('swap.rejected', { swap: 'SW-0', by: 'tesla' }),
);

type Step = 'time' | 'subject' | 'document' | 'parties' | 'names' | 'itself' | 'state' | 'line' | 'sum';
/** The order of refusals, as docs/events.md has it. */
const steps: readonly Step[] = ['time', 'subject', 'document', 'parties', 'names', 'itself', 'state', 'line', 'sum'];

/** One thing that is wrong: where it stands in the order, its code, and what it changes of an event that is taken. */
type Mistake = readonly [Step, RejectionCode, change: (data: Record<string, unknown>) => Record<string, unknown>];

const set =
  (fields: Record<string, unknown>) =>
  (data: Record<string, unknown>): Record<string, unknown> => ({ ...data, ...fields });
/** Adds a line that is wrong, so that whatever is wrong with the others stays wrong. */
const line =
  (fields: Record<string, unknown>, list = 'lines') =>
  (data: Record<string, unknown>): Record<string, unknown> => ({
    ...data,
    [list]: [...(data[list] as object[]), { ...(data[list] as object[])[0], ...fields }],
  });

const paper: Mistake = ['document', 'already-exists', set({ document: 'N-0' })];
const noOrder: Mistake = ['names', 'unknown-order', line({ order: 'PO-9' })];
const noLine: Mistake = ['names', 'unknown-order-line', line({ line: '9' })];
const stranger = (field: string): Mistake => ['parties', 'unknown-party', set({ [field]: 'nobody' })];
const strangersLine: Mistake = ['parties', 'unknown-party', line({ owner: 'nobody' })];
const notTheirs: Mistake = ['line', 'not-the-owner', line({ owner: 'xai' })];
const tooMany: Mistake = ['sum', 'insufficient-quantity', line({ quantity: 1_000 })];

/** What a line says of a line that its units replace. */
const substitutes: readonly Mistake[] = [
  ['names', 'unknown-order-line', line({ substitutes: of('PO-1', '9') })],
  ['itself', 'nothing-to-do', line({ line: '2', substitutes: of('PO-1', '1') })],
  ['itself', 'not-a-party', line({ ...serial, substitutes: of('PO-2', '1') })],
];

const future: Mistake = ['time', 'occurred-in-future', (data) => data];
/** It happened before anything that is known. */
const late = (step: Step, change: Mistake[2] = (data) => data): Mistake => [step, 'overtaken', change];

/** For each type an event that the ledger takes, and what can be wrong with it. */
const cases: { readonly [T in EventType]: readonly [data: Extract<Told, { type: T }>['data'], ...Mistake[]] } = {
  'lading.ledger.opened.v1': [{ name: 'L', keeper: 'nobody' }, ['subject', 'already-exists', set({})]],
  'lading.event.voided.v1': [{ sequence: 1, reason: 'did_not_occur' }, ['itself', 'not-supported', set({})]],
  'lading.party.registered.v1': [{ party: 'tesla', name: 'P', roles: ['customer'] }, late('state')],
  'lading.item.registered.v1': [
    { item: 'H100', name: 'H100', tracking: 'quantity' },
    ['itself', 'wrong-tracking', set({ tracking: 'serial' })],
    late('state'),
  ],
  'lading.order.placed.v1': [
    {
      order: 'PO-3',
      buyer: 'tesla',
      supplier: 'nvidia',
      lines: [{ line: '1', item: 'H100', quantity: 1, window: { from: '2024-01-01', to: '2024-01-31' } }],
    },
    ['subject', 'already-exists', set({ order: 'PO-1' })],
    stranger('buyer'),
    ['names', 'unknown-item', line({ item: 'B200' })],
    ['itself', 'unknown-party', set({ supplier: 'dhl' })],
    ['sum', 'wrong-tracking', line({ line: '3', serials: ['a'] })],
  ],
  'lading.order.lines_added.v1': [
    {
      order: 'PO-1',
      lines: [{ line: '9', item: 'H100', quantity: 1, window: { from: '2024-01-01', to: '2024-01-31' } }],
    },
    ['subject', 'unknown-order', set({ order: 'PO-9' })],
    ['names', 'unknown-item', line({ item: 'B200' })],
    ['state', 'already-exists', line({ line: '1' })],
    ['sum', 'wrong-tracking', line({ serials: ['a'] })],
  ],
  'lading.order.confirmed.v1': [
    { order: 'PO-1', lines: [{ line: '1', code: 'accepted' }] },
    ['subject', 'unknown-order', set({ order: 'PO-9' })],
    paper,
    ['names', 'unknown-order-line', line({ line: '9' })],
    late('state'),
    ['line', 'not-supported', line({ line: '2', code: 'rejected', quantity: 3 })],
  ],
  'lading.order.line_changed.v1': [
    { ...one, initiator: 'seller', quantity: 99 },
    ['subject', 'unknown-order', set({ order: 'PO-9' })],
    stranger('owner'),
    ['names', 'unknown-order-line', set({ line: '9' })],
    late('state'),
    ['line', 'not-the-owner', set({ owner: 'xai' })],
    ['sum', 'wrong-tracking', set({ serials: ['a'] })],
  ],
  'lading.order.line_cancelled.v1': [
    { ...one, initiator: 'seller', quantity: 1 },
    ['subject', 'unknown-order', set({ order: 'PO-9' })],
    stranger('owner'),
    ['names', 'unknown-order-line', set({ line: '9' })],
    ['line', 'not-the-owner', set({ owner: 'xai' })],
    late('line', set({ quantity: undefined })),
    ['sum', 'insufficient-quantity', set({ quantity: 1_000 })],
  ],
  'lading.supply.committed.v1': [
    { supplier: 'nvidia', item: 'H100', period: { from: '2024-01-01', to: '2024-01-31' }, quantity: 100 },
    paper,
    stranger('supplier'),
    ['names', 'unknown-item', set({ item: 'B200' })],
    ['itself', 'unknown-party', set({ supplier: 'dhl' })],
    late('state', set({ period: { from: '2023-12-01', to: '2023-12-31' } })),
    ['state', 'already-exists', set({ period: { from: '2023-12-31', to: '2024-01-31' } })],
  ],
  'lading.shipment.dispatched.v1': [
    { shipment: 'S-2', consignee: 'tesla', carrier: 'dhl', lines: [{ ...one, quantity: 1 }] },
    paper,
    stranger('carrier'),
    strangersLine,
    noOrder,
    noLine,
    ...substitutes,
    ['state', 'already-exists', set({ eta: '2024-01-05' })],
    late('state', set({ eta: '2024-01-05' })),
    ['state', 'already-received', set({ shipment: 'S-1' })],
    notTheirs,
    tooMany,
  ],
  'lading.shipment.rescheduled.v1': [
    { shipment: 'S-2', eta: '2024-02-01' },
    ['subject', 'unknown-shipment', set({ shipment: 'S-9' })],
    paper,
    stranger('carrier'),
    stranger('consignee'),
    late('state'),
    ['sum', 'nothing-to-do', set({ eta: undefined, carrier: 'dhl' })],
  ],
  'lading.shipment.received.v1': [
    { shipment: 'S-2', by: 'x', lines: [{ ...one, received: 1 }] },
    paper,
    ['subject', 'unknown-shipment', set({ shipment: 'S-9' })],
    stranger('by'),
    strangersLine,
    noOrder,
    noLine,
    ...substitutes,
    ['line', 'serial-count', line({ ...serial, owner: undefined, received: 0, surplus: 1, serials: ['a'] })],
    ['line', 'insufficient-quantity', line({ line: '2' })],
    ['sum', 'insufficient-quantity', line({ received: 1_000 })],
  ],
  'lading.shipment.lost.v1': [
    { shipment: 'S-1', lines: [{ ...one, quantity: 1 }] },
    paper,
    ['subject', 'unknown-shipment', set({ shipment: 'S-9' })],
    strangersLine,
    noOrder,
    noLine,
    notTheirs,
    tooMany,
  ],
  'lading.units.returned.v1': [
    { return: 'R-1', from: 'x', to: 'nvidia', lines: [{ ...one, quantity: 1 }] },
    ['subject', 'already-exists', set({ return: 'R-0' })],
    stranger('to'),
    strangersLine,
    ['names', 'unknown-shipment', line({ shipment: 'S-9' })],
    noOrder,
    noLine,
    ['line', 'not-the-custodian', set({ from: 'dhl' })],
    notTheirs,
    tooMany,
  ],
  'lading.units.scrapped.v1': [
    { custodian: 'x', lines: [{ ...one, quantity: 1 }] },
    paper,
    stranger('custodian'),
    strangersLine,
    noOrder,
    noLine,
    ['line', 'not-the-custodian', set({ custodian: 'dhl' })],
    notTheirs,
    tooMany,
  ],
  'lading.units.condition_changed.v1': [
    { custodian: 'x', lines: [{ ...one, quantity: 1, to: 'damaged' }] },
    paper,
    stranger('custodian'),
    strangersLine,
    noOrder,
    noLine,
    ['line', 'not-the-custodian', set({ custodian: 'dhl' })],
    ['line', 'wrong-stage', line({ to: 'held' })],
    notTheirs,
    tooMany,
  ],
  'lading.custody.transferred.v1': [
    { from: 'x', to: 'xai', lines: [{ ...one, quantity: 1 }] },
    paper,
    stranger('to'),
    strangersLine,
    noOrder,
    noLine,
    ['itself', 'nothing-to-do', set({ from: 'x', to: 'x' })],
    notTheirs,
    tooMany,
  ],
  'lading.count.adjusted.v1': [
    { custodian: 'x', lines: [{ ...one, observed: 3 }] },
    paper,
    stranger('custodian'),
    strangersLine,
    noOrder,
    noLine,
    ['line', 'ambiguous-owner', line({ line: '2', owner: undefined })],
    ['line', 'already-exists', line({})],
    late('line'),
    ['sum', 'wrong-tracking', set({ lines: [{ ...one, observed: 16, serials: ['a'] }] })],
  ],
  'lading.reallocation.made.v1': [
    {
      reallocation: 'RA-1',
      kind: 'reassigned',
      from: 'tesla',
      to: 'x',
      lines: [{ ...of('PO-1', '1'), quantity: 1 }],
    },
    ['subject', 'already-exists', set({ reallocation: 'RA-0' })],
    stranger('to'),
    ['parties', 'unknown-party', line({ custodian: 'nobody' })],
    ['names', 'unknown-shipment', line({ shipment: 'S-9' })],
    noOrder,
    noLine,
    ['names', 'unknown-hold', set({ hold: 'H-9' })],
    ['itself', 'nothing-to-do', set({ from: 'x', to: 'x' })],
    ['itself', 'not-the-owner', set({ hold: 'H-3' })],
    ['state', 'hold-not-open', set({ hold: 'H-2' })],
    ['line', 'wrong-stage', line({ stage: 'held' })],
    ['sum', 'insufficient-quantity', line({ quantity: 1_000 })],
  ],
  'lading.units.held.v1': [
    {
      hold: 'H-4',
      owner: 'tesla',
      purpose: 'Kept',
      until: '2030-01-01T00:00:00Z',
      lines: [{ ...of('PO-1', '1'), quantity: 1 }],
    },
    ['subject', 'already-exists', set({ hold: 'H-2' })],
    stranger('owner'),
    ['parties', 'unknown-party', line({ custodian: 'nobody' })],
    ['names', 'unknown-shipment', line({ shipment: 'S-9' })],
    noOrder,
    noLine,
    ['itself', 'nothing-to-do', set({ until: '2023-12-01T00:00:00Z' })],
    ['line', 'wrong-stage', line({ stage: 'held', shipment: 'S-1' })],
    ['sum', 'insufficient-quantity', line({ quantity: 1_000 })],
  ],
  'lading.units.released.v1': [
    { hold: 'H-1' },
    ['subject', 'unknown-hold', set({ hold: 'H-9' })],
    ['state', 'hold-not-open', set({ hold: 'H-2' })],
  ],
  'lading.swap.proposed.v1': [
    swap('SW-3').data as Extract<Told, { type: 'lading.swap.proposed.v1' }>['data'],
    ['subject', 'already-exists', set({ swap: 'SW-1' })],
    stranger('by'),
    ['parties', 'unknown-party', line({ to: 'nobody' }, 'legs')],
    ['names', 'unknown-order', line({ order: 'PO-9' }, 'legs')],
    ['names', 'unknown-order-line', line({ line: '9' }, 'legs')],
    ['names', 'unknown-shipment', line({ shipment: 'S-9' }, 'legs')],
    ['itself', 'not-a-swap', line({ to: 'xai' }, 'legs')],
    ['itself', 'not-a-party', set({ by: 'dhl' })],
    ['line', 'wrong-tracking', line({ serials: ['a'] }, 'legs')],
  ],
  'lading.swap.accepted.v1': [
    { swap: 'SW-2', by: 'tesla' },
    ['subject', 'unknown-swap', set({ swap: 'SW-9' })],
    stranger('by'),
    ['itself', 'not-a-party', set({ by: 'dhl' })],
    ['state', 'swap-not-open', set({ swap: 'SW-0' })],
  ],
  'lading.swap.rejected.v1': [
    { swap: 'SW-2', by: 'tesla' },
    ['subject', 'unknown-swap', set({ swap: 'SW-9' })],
    stranger('by'),
    ['itself', 'not-a-party', set({ by: 'dhl' })],
    ['state', 'swap-not-open', set({ swap: 'SW-0' })],
  ],
  'lading.swap.withdrawn.v1': [
    { swap: 'SW-2', by: 'x' },
    ['subject', 'unknown-swap', set({ swap: 'SW-9' })],
    stranger('by'),
    ['itself', 'not-a-party', set({ by: 'dhl' })],
    ['state', 'swap-not-open', set({ swap: 'SW-0' })],
  ],
  'lading.swap.executed.v1': [
    { swap: 'SW-1', by: 'x' },
    ['subject', 'unknown-swap', set({ swap: 'SW-9' })],
    stranger('by'),
    ['itself', 'not-a-party', set({ by: 'dhl' })],
    ['state', 'swap-not-accepted', set({ swap: 'SW-2' })],
  ],
};

function answer(type: EventType, data: unknown, ...mistakes: readonly Mistake[]): string {
  const wrong = mistakes.reduce((so, [, , change]) => change(so), data as Record<string, unknown>);
  const isLate = mistakes.some(([, code]) => code === 'overtaken');
  const time = mistakes.includes(future)
    ? '2024-01-02T00:00:00Z'
    : isLate
      ? '2023-11-01T00:00:00Z'
      : '2024-01-01T12:00:00Z';
  const decision = decide({ source: 'urn:test', type, data: wrong, time } as Command, ledger, now);
  return decision.ok ? 'taken' : decision.code;
}

describe('of two things that are wrong with an event, the ledger names', () => {
  it.each(eventTypes)(
    'the one that comes first in the one order of refusals, for every pair of mistakes in a %s',
    (type) => {
      const [data, ...own] = cases[type];
      const mistakes = [future, ...own];
      for (const mistake of own) expect([mistake[1], answer(type, data, mistake)]).toEqual([mistake[1], mistake[1]]);
      const wrong = mistakes.flatMap((first) => {
        const later = mistakes.filter(([step]) => steps.indexOf(step) > steps.indexOf(first[0]));
        return later.flatMap((then) => {
          // The later mistake is made first, so that it cannot overwrite the earlier one.
          const said = answer(type, data, then, first);
          return said === first[1] ? [] : [`${first[1]} and ${then[1]}: ${said}`];
        });
      });
      expect(wrong).toEqual([]);
    },
  );
});
