import { describe, expect, it } from 'vitest';
import { catalog } from '#contracts/catalog';
import { bodyOf, forms, isComplete, type Values, wrongIn } from './forms.ts';

const form = (name: string) => forms.find((one) => one.name === name)!;
const now = new Date('2024-01-30T15:00:00Z');
const line = { order: 'PO-1', line: '1' };
const filled: readonly (readonly [string, string, Values])[] = [
  [
    ...(['reallocate', 'lading.reallocation.made.v1'] as const),
    { ...line, reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x', quantity: '12000' },
  ],
  [
    ...(['receive', 'lading.shipment.received.v1'] as const),
    { ...line, shipment: 'S-1', by: 'x', owner: 'x', received: '12000' },
  ],
  [
    ...(['hold', 'lading.units.held.v1'] as const),
    { ...line, hold: 'H-1', owner: 'x', purpose: 'Tests', until: '2024-03-01T10:00', quantity: '5' },
  ],
  ['void', 'lading.event.voided.v1', { sequence: '18', reason: 'did_not_occur' }],
];

describe('the forms of the desk', () => {
  it.each(filled)('%s sends what the contract takes as %s', (name, type, values) => {
    expect(isComplete(form(name), values)).toBe(true);
    const body = bodyOf(form(name), values, 'id-1', now) as { data?: unknown };
    const { submitted } = catalog[type as keyof typeof catalog];
    expect(submitted.safeParse(body.data ?? body)).toMatchObject({ success: true });
  });

  it('are not sent before what is needed is filled in', () => {
    for (const [name, , values] of filled)
      for (const left of Object.keys(values)) expect(isComplete(form(name), { ...values, [left]: ' ' })).toBe(false);
  });

  it('show what is wrong beside the field that it is about', () => {
    const problem = { type: 'urn', title: 'T', status: 422, detail: 'there are 6000', code: 'insufficient-quantity' };
    expect([...wrongIn(form('reallocate'), problem)]).toEqual([['quantity', 'there are 6000']]);
    expect([...wrongIn(form('receive'), problem)]).toEqual([['received', 'there are 6000']]);
    const malformed = {
      ...problem,
      code: 'malformed',
      errors: [{ pointer: '/data/lines/0/received', detail: 'at least 0' }],
    };
    expect([...wrongIn(form('receive'), malformed)]).toEqual([['received', 'at least 0']]);
    expect([...wrongIn(form('void'), { ...problem, code: 'depends-on-it' })]).toEqual([['', 'there are 6000']]);
  });
});
