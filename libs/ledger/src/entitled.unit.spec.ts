import { describe, expect, it } from '@jest/globals';
import { type EventType, eventTypes } from '#contracts/catalog';
import { entitlements } from '#contracts/define';
import { everybody, rivals, sayings } from '#test/ledger/entitled';
import { of, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import type { Command } from './command.ts';
import { whyNotEntitled } from './entitled.ts';

const { ledger } = given(...rivals);
const time = '2024-01-01T12:00:00Z';
const whyNot = (type: EventType, data: unknown, party: string) =>
  whyNotEntitled({ type, data, time } as Command, party, ledger);

describe('a key that speaks for a party', () => {
  it.each(eventTypes)(
    'says with a %s only what its party is entitled to say, and no other party may say it',
    (type) => {
      const found = sayings[type].map(({ data }) =>
        everybody.filter((party) => whyNot(type, data, party) === undefined),
      );
      expect(found).toEqual(sayings[type].map(({ may }) => everybody.filter((party) => may.includes(party))));
    },
  );

  it('is told what its party is, what it wanted to say, and who may say it', () => {
    const data = { shipment: 'S-2', lines: [{ ...of('PO-1', '1', 'tesla'), quantity: 1 }] };
    const refused = whyNot('lading.shipment.lost.v1', data, 'amd');
    expect(refused?.facts).toEqual({
      party: 'amd',
      type: 'lading.shipment.lost.v1',
      entitled: ['supplier', 'carrier'],
    });
    expect(refused?.detail).toContain(entitlements.supplier);
  });

  it('is told the same about what is not there and about what is between others', () => {
    const cancel = (order: string) =>
      whyNot('lading.order.line_cancelled.v1', { ...of(order, '1'), initiator: 'seller' }, 'amd');
    expect(cancel('PO-1')).toEqual(cancel('PO-9'));
    for (const type of ['lading.swap.accepted.v1', 'lading.swap.executed.v1'] as const) {
      const say = (swap: string) => JSON.stringify(whyNot(type, { swap, by: 'amd' }, 'amd'));
      expect(say('SW-9').replaceAll('SW-9', 'SW-1')).toBe(say('SW-1'));
    }
    const receive = (shipment: string) =>
      JSON.stringify(whyNot('lading.shipment.received.v1', { shipment, by: 'amd', lines: [] }, 'amd'));
    expect(receive('S-9').replaceAll('S-9', 'S-1')).toBe(receive('S-1'));
  });

  it('speaks of a line and a shipment as long as its party has units there, and of what it was sent', () => {
    const story = given(
      ...rivals,
      tell('reallocation.made', {
        reallocation: 'RA-1',
        kind: 'reconsigned',
        from: 'tesla',
        to: 'xai',
        lines: [{ ...of('PO-1', '1'), quantity: 2, shipment: 'S-2' }],
      }),
    );
    const receipt = {
      type: 'lading.shipment.received.v1',
      time,
      data: { shipment: 'S-2', by: 'xai', lines: [{ ...of('PO-1', '1', 'xai'), received: 1 }] },
    } as Command;
    expect(whyNotEntitled(receipt, 'xai', story.ledger)).toBeUndefined();
    story.take(received('S-2', 'xai', [{ ...of('PO-1', '1', 'xai'), received: 2 }]));
    expect(whyNotEntitled(receipt, 'xai', story.ledger)).toBeUndefined();
    expect(whyNotEntitled(receipt, 'amd', story.ledger)).toBeDefined();
    const count = { custodian: 'xai', lines: [{ ...of('PO-1', '1', 'xai'), observed: 1 }] };
    expect(
      whyNotEntitled({ source: 'urn:test', type: 'lading.count.adjusted.v1', time, data: count }, 'xai', story.ledger),
    ).toBeUndefined();
  });

  it('may not leave out a controller that is known, nor take or give back a role', () => {
    const story = given(
      tell('party.registered', { party: 'tesla', name: 'Tesla', roles: ['customer'], controlledBy: ['elon-musk'] }),
    );
    const register = (data: object) =>
      whyNotEntitled(
        {
          source: 'urn:test',
          type: 'lading.party.registered.v1',
          time,
          data: { party: 'tesla', name: 'T', roles: ['customer'], ...data },
        },
        'tesla',
        story.ledger,
      );
    expect(register({ controlledBy: ['kimbal', 'elon-musk'] })).toBeUndefined();
    expect(register({})?.facts).toMatchObject({ roles: ['customer'], controlledBy: ['elon-musk'] });
    expect(register({ controlledBy: ['elon-musk'], roles: ['customer', 'carrier'] })).toBeDefined();
    expect(register({ controlledBy: ['elon-musk'], roles: ['supplier'] })).toBeDefined();
  });
});
