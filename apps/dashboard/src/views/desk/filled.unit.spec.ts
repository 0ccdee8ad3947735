import { describe, expect, it } from 'vitest';
import { catalog } from '#contracts/catalog';
import { bodyOf, filledBy, isComplete, partsOf, pathOf, type Values, withoutLast, wrongIn } from './filled.ts';
import { forms } from './forms.ts';

const form = (name: string) => forms.find((one) => one.name === name)!;
const now = new Date('2024-01-30T15:00:00Z');
const line = { 'lines-0-order': 'PO-1', 'lines-0-line': '1' };
const leg = (part: number, from: string, to: string, order: string) => ({
  ...{ [`legs-${part}-from`]: from, [`legs-${part}-to`]: to, [`legs-${part}-order`]: order },
  ...{ [`legs-${part}-line`]: '1', [`legs-${part}-quantity`]: '6000' },
});
const step = { swap: 'SW/1', by: 'x' };
const proposal = { ...step, ...leg(0, 'tesla', 'x', 'PO-1'), ...leg(1, 'x', 'tesla', 'PO-2') };
const sent = { shipment: 'S-1', consignee: 'x', carrier: 'dhl', ...line, 'lines-0-quantity': '5' };
const filled: readonly (readonly [string, string, Values, path?: string])[] = [
  [
    ...(['reallocate', 'lading.reallocation.made.v1'] as const),
    { ...line, reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x', 'lines-0-quantity': '12000' },
  ],
  ['dispatch', 'lading.shipment.dispatched.v1', sent],
  [
    ...(['receive', 'lading.shipment.received.v1'] as const),
    { ...line, shipment: 'S-1', by: 'x', 'lines-0-owner': 'x', 'lines-0-received': '12000' },
  ],
  [
    ...(['hold', 'lading.units.held.v1'] as const),
    { ...line, hold: 'H-1', owner: 'x', purpose: 'Tests', until: '2024-03-01T10:00', 'lines-0-quantity': '5' },
  ],
  ['release', 'lading.units.released.v1', { hold: 'H-1' }, 'holds/H-1/release'],
  ['propose', 'lading.swap.proposed.v1', proposal],
  ['accept', 'lading.swap.accepted.v1', step, 'swaps/SW%2F1/acceptance'],
  ['decline', 'lading.swap.rejected.v1', step, 'swaps/SW%2F1/rejection'],
  ['withdraw', 'lading.swap.withdrawn.v1', step, 'swaps/SW%2F1/withdrawal'],
  ['execute', 'lading.swap.executed.v1', step, 'swaps/SW%2F1/execution'],
  ['void', 'lading.event.voided.v1', { sequence: '18', reason: 'did_not_occur' }],
];

describe('the forms of the desk', () => {
  it('are all tried here', () => {
    expect(filled.map(([name]) => name)).toEqual(forms.map(({ name }) => name));
  });

  it.each(filled.map(([name, type, values, path]) => [name, type, values, path ?? ''] as const))(
    '%s sends what the contract takes as %s',
    (name, type, values, path) => {
      expect(isComplete(form(name), values)).toBe(true);
      const body = bodyOf(form(name), values, 'id-1', now) as { data?: object };
      const { submitted } = catalog[type as keyof typeof catalog];
      // What the route names is no part of the body, and part of the event.
      const named = Object.fromEntries(Object.entries(values).filter(([key]) => form(name).path.includes(`{${key}}`)));
      expect(submitted.safeParse({ ...named, ...(body.data ?? body) })).toMatchObject({ success: true });
      expect(Object.keys(body).filter((key) => key in named)).toEqual([]);
      expect(pathOf(form(name), values)).toBe(path === '' ? form(name).path : path);
    },
  );

  it('are not sent before what is needed is filled in', () => {
    for (const [name, , values] of filled)
      for (const left of Object.keys(values)) expect(isComplete(form(name), { ...values, [left]: ' ' })).toBe(false);
  });

  it('have as many lines as something stands in, and a swap never fewer than two legs', () => {
    expect(partsOf(form('propose'), {})).toBe(2);
    const three = { ...proposal, 'legs-2-from': '' };
    expect([partsOf(form('propose'), three), isComplete(form('propose'), three)]).toEqual([3, false]);
    expect(withoutLast(form('propose'), three)).toEqual(proposal);
  });

  it('take from an address what they ask for, and nothing else', () => {
    const address = { form: 'accept', swap: 'SW-1', by: undefined, event: '4', 'legs-0-from': 'x' };
    expect(filledBy(form('accept'), address)).toEqual({ swap: 'SW-1' });
  });

  const problem = (code: string, facts: object = {}) => ({
    ...{ type: 'urn', title: 'T', status: 422, detail: 'why', code },
    ...facts,
  });
  const wrong = (name: string, values: Values, code: string, facts?: object) => [
    ...wrongIn(form(name), values, problem(code, facts)).keys(),
  ];

  it('show what is wrong beside the field that it is about', () => {
    expect(wrong('reallocate', {}, 'insufficient-quantity')).toEqual(['lines-0-quantity']);
    expect(wrong('receive', {}, 'insufficient-quantity')).toEqual(['lines-0-received']);
    expect(wrong('accept', step, 'swap-not-open', { swap: 'SW/1' })).toEqual(['swap']);
    expect(wrong('execute', step, 'not-a-party', { by: 'x' })).toEqual(['by']);
    expect(wrong('release', { hold: 'H-1' }, 'hold-not-open')).toEqual(['hold']);
    expect(wrong('void', {}, 'depends-on-it')).toEqual(['sequence']);
    expect(wrong('propose', proposal, 'not-a-swap')).toEqual(['']);
    const errors = [
      { pointer: '/data/lines/0/received', detail: 'at least 0' },
      { pointer: '/data/ship', detail: 'unknown' },
    ];
    expect(wrong('receive', {}, 'malformed', { errors })).toEqual(['lines-0-received', '']);
    expect(wrong('propose', proposal, 'malformed', { errors: [{ pointer: '/legs/1/quantity', detail: '' }] })).toEqual([
      'legs-1-quantity',
    ]);
  });

  it('say of what is no number what to write, and not what JSON expects', () => {
    const errors = [{ pointer: '/data/lines/0/received', detail: 'expected number, got string' }];
    const said = (received: string) => [
      ...wrongIn(form('receive'), { 'lines-0-received': received }, problem('malformed', { errors })).values(),
    ];
    for (const text of ['12,000', '1.5', '1e3', 'ten'])
      expect([text, said(text)]).toEqual([text, ['Write a whole number in digits alone, such as 12000.']]);
    // Of a number the ledger says what is wrong.
    expect(said(' 0 ')).toEqual(['expected number, got string']);
  });

  it('show it beside the leg and the party that it is about', () => {
    const ofSecond = { order: 'PO-2', line: '1', asked: 6000 };
    expect(wrong('propose', proposal, 'insufficient-quantity', ofSecond)).toEqual(['legs-1-quantity']);
    expect(wrong('propose', proposal, 'unknown-order', { order: 'PO-2' })).toEqual(['legs-1-order']);
    expect(wrong('dispatch', sent, 'unknown-party', { party: 'dhl', role: 'carrier' })).toEqual(['carrier']);
    expect(wrong('propose', { ...proposal, by: 'me' }, 'unknown-party', { party: 'me', role: 'by' })).toEqual(['by']);
    const both = { ...line, 'lines-0-quantity': '5', 'lines-1-order': 'PO-1', 'lines-1-line': '1' };
    expect(
      wrong('hold', { ...both, 'lines-1-quantity': '70' }, 'held-for', { order: 'PO-1', line: '1', asked: 70 }),
    ).toEqual(['lines-1-quantity']);
  });
});
