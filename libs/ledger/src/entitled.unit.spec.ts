import { describe, expect, it } from 'vitest';
import { type EventType, eventTypes, type Submitted } from '#contracts/catalog';
import { entitlements } from '#contracts/define';
import { everybody, rivals, sayings } from '#test/ledger/entitled';
import { dispatched, january, of, placed, received, tell } from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';
import type { Command } from './command.ts';
import { whyNotEntitled } from './entitled.ts';

const { ledger } = given(...rivals);
const time = '2024-01-01T12:00:00Z';
const serials = (prefix: string, to: number) => [{ prefix, from: 1, to, digits: 1 }];
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
      eventType: 'lading.shipment.lost.v1',
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

  const saying = (story: Story, type: EventType, data: unknown, party: string) =>
    whyNotEntitled({ source: 'urn:test', type, data, time } as Command, party, story.ledger)?.facts;

  it('speaks of a line that its party has bought, also when all units of it are others’ by now', () => {
    const story = given(
      placed('PO-1', 'tesla', 10),
      tell('reallocation.made', {
        ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x' },
        lines: [{ ...of('PO-1', '1'), quantity: 10 }],
      }),
    );
    const count = (custodian: string) => ({ custodian, lines: [{ ...of('PO-1', '1', 'x'), observed: 1 }] });
    expect(saying(story, 'lading.count.adjusted.v1', count('tesla'), 'tesla')).toBeUndefined();
    expect(saying(story, 'lading.count.adjusted.v1', count('xai'), 'xai')).toMatchObject({ line: '1 of order PO-1' });
  });

  it('finds what is another’s for its owner alone: who lost units does not own them by counting them', () => {
    const type = 'lading.count.adjusted.v1';
    const lost = (serials?: string[]) =>
      given(
        placed('PO-1', 'tesla', { quantity: 2, item: serials ? 'D1' : 'H100' }),
        dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 2, ...(serials && { serials: ['A1', 'A2'] }) }]),
        tell('shipment.lost', {
          shipment: 'S-1',
          lines: [{ ...of('PO-1', '1'), quantity: 1, ...(serials && { serials }) }],
        }),
      );
    const from = [{ ...of('PO-1', '1'), stage: 'lost' }];
    for (const [story, which, refused] of [
      [lost(['A1']), { serials: ['A1'] }, { unit: 'A1' }],
      [lost(), { from }, { line: '1 of order PO-1' }],
    ] as const) {
      const finds = (owner: string) => ({
        custodian: 'dhl',
        lines: [{ ...of('PO-1', '1'), owner, observed: 1, ...which }],
      });
      expect(saying(story, type, finds('dhl'), 'dhl')).toMatchObject(refused);
      expect(saying(story, type, finds('tesla'), 'dhl')).toBeUndefined();
    }
  });

  it('receives what is on a shipment to its party, whoever owns it, and what its party had sent there', () => {
    const story = given(
      placed('PO-1', 'tesla', 10),
      dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 10 }], { consignee: 'xai' }),
    );
    const receipt = (by: string) => ({ shipment: 'S-1', by, lines: [{ ...of('PO-1', '1', 'tesla'), received: 1 }] });
    const type = 'lading.shipment.received.v1';
    for (const by of ['xai', 'dhl', 'tesla', 'nvidia']) expect(saying(story, type, receipt(by), by)).toBeUndefined();
    expect(saying(story, type, receipt('x'), 'x')).toMatchObject({ shipment: 'S-1' });
  });

  it('dispatches on no order of another supplier, also when its party has bought it', () => {
    const story = given(
      placed('PO-1', 'tesla', 10),
      tell('order.placed', {
        ...{ order: 'PO-A', buyer: 'nvidia', supplier: 'amd' },
        lines: [{ line: '1', item: 'H100', quantity: 10, window: january }],
      }),
    );
    const lines = [
      { ...of('PO-1', '1'), quantity: 1 },
      { ...of('PO-A', '1'), quantity: 1 },
    ];
    const sent = { shipment: 'S-1', consignee: 'tesla', carrier: 'dhl', lines };
    expect(saying(story, 'lading.shipment.dispatched.v1', sent, 'nvidia')).toMatchObject({ entitled: ['supplier'] });
  });

  it('reports no loss of what another carrier has, unless it says that the units were its party’s own', () => {
    const line = of('PO-1', '1', 'tesla');
    const story = given(
      tell('party.registered', { party: 'ups', name: 'UPS', roles: ['carrier'] }),
      placed('PO-1', 'tesla', 10),
      dispatched('S-1', [{ ...line, quantity: 10 }]),
      tell('custody.transferred', { from: 'dhl', to: 'ups', shipment: 'S-1', lines: [{ ...line, quantity: 4 }] }),
    );
    const lost = (custodian?: string) => ({
      shipment: 'S-1',
      lines: [{ ...line, quantity: 1, ...(custodian && { custodian }) }],
    });
    const type = 'lading.shipment.lost.v1';
    expect(saying(story, type, lost(), 'dhl')).toMatchObject({ entitled: ['supplier', 'carrier'] });
    expect(saying(story, type, lost('ups'), 'dhl')).toMatchObject({ entitled: ['supplier', 'carrier'] });
    expect(saying(story, type, lost('dhl'), 'dhl')).toBeUndefined();
    expect(saying(story, type, lost('ups'), 'ups')).toBeUndefined();
  });

  it('gives back no role of several', () => {
    const party = { party: 'tesla', name: 'Tesla', roles: ['customer', 'supplier'] };
    const story = given(tell('party.registered', party as Submitted<'lading.party.registered.v1'>));
    const type = 'lading.party.registered.v1';
    expect(saying(story, type, { ...party, name: 'Tesla, Inc.' }, 'tesla')).toBeUndefined();
    expect(saying(story, type, { ...party, roles: ['customer'] }, 'tesla')).toMatchObject({ roles: party.roles });
  });

  describe('draws units for its dispatch', () => {
    const house = tell('party.registered', { party: 'xai', name: 'House', roles: ['customer', 'supplier'] });
    const tiles = (quantity: number) => ({ quantity, item: 'D1' });
    const resold = (order: string, supplier: string, buyer: string) =>
      tell('order.placed', {
        ...{ order, buyer, supplier },
        lines: [{ line: '1', item: 'D1', quantity: 9, window: january }],
      });
    const story = given(
      ...[house, ...rivals, placed('PO-H', 'xai', tiles(9)), placed('PO-T', 'tesla', tiles(9))],
      dispatched('S-H', [{ ...of('PO-H', '1'), quantity: 9, serials: serials('H', 9) }], { consignee: 'xai' }),
      dispatched('S-T', [{ ...of('PO-T', '1'), quantity: 9, serials: serials('T', 9) }]),
      tell('shipment.lost', { shipment: 'S-H', lines: [{ ...of('PO-H', '1'), quantity: 1, serials: ['H1'] }] }),
      tell('shipment.lost', { shipment: 'S-T', lines: [{ ...of('PO-T', '1'), quantity: 1, serials: ['T1'] }] }),
      received('S-H', 'xai', [{ ...of('PO-H', '1'), received: 8 }]),
      received('S-T', 'tesla', [{ ...of('PO-T', '1'), received: 8 }]),
      tell('units.returned', {
        ...{ return: 'R-T', from: 'tesla', to: 'nvidia' },
        lines: [{ ...of('PO-T', '1'), quantity: 1, serials: ['T2'] }],
      }),
      ...[resold('SO-H', 'xai', 'x'), resold('SO-N', 'nvidia', 'x'), resold('SO-A', 'amd', 'x')],
    );
    const may = (party: string, order: string, line: object) => {
      const data = {
        ...{ shipment: `S-${order}`, consignee: 'x', carrier: 'dhl' },
        lines: [{ ...of(order, '1'), quantity: 1, ...line }],
      };
      const command = { source: 'urn:test', type: 'lading.shipment.dispatched.v1', time, data } as Command;
      return whyNotEntitled(command, party, story.ledger);
    };

    it.each([
      ['that it bought, on an order that another supplied', 'xai', 'SO-H', { from: [of('PO-H', '1')] }],
      ['that it lost', 'xai', 'SO-H', { from: [{ ...of('PO-H', '1'), stage: 'lost' }] }],
      ['that were returned to it', 'nvidia', 'SO-N', { from: [{ ...of('PO-T', '1'), stage: 'returned' }] }],
      ['that are new', 'amd', 'SO-A', { from: 'new' }],
      ['by numbers of its own, and by one that nobody has heard of', 'xai', 'SO-H', { serials: ['H1', 'H2', 'Z1'] }],
      ['that were returned to it, by their numbers', 'nvidia', 'SO-N', { serials: ['T2'] }],
    ])('from its own: %s', (_what, party, order, line) => {
      expect(may(party, order, line)).toBeUndefined();
    });

    it.each([
      ['what another has bought', 'amd', 'SO-A', { from: [of('PO-H', '1')] }],
      ['what its customer lost', 'nvidia', 'SO-N', { from: [{ ...of('PO-H', '1'), stage: 'lost' }] }],
      ['what was returned to another', 'amd', 'SO-A', { from: [{ ...of('PO-T', '1'), stage: 'returned' }] }],
      [
        'what the buyer, who sells too, returned to another',
        'xai',
        'SO-H',
        { from: [{ ...of('PO-T', '1'), stage: 'returned' }] },
      ],
    ])('and not from others’: %s', (_what, party, order, line) => {
      expect(may(party, order, line)?.facts).toEqual({
        ...{ party, eventType: 'lading.shipment.dispatched.v1' },
        line: expect.stringMatching(/^1 of order PO-[HT]$/),
      });
    });

    it.each([
      ['a supplier', 'amd', 'SO-A', ['Z1', 'T2'], 'T2'],
      ['a house', 'xai', 'SO-H', ['T1', 'H2'], 'T1'],
      ['a maker, of what its customer lost', 'nvidia', 'SO-N', ['H1', 'T2'], 'H1'],
    ])('and not from others’ by their numbers: %s', (_what, party, order, serials, serial) => {
      expect(may(party, order, { quantity: 2, serials })?.facts).toEqual({
        ...{ party, eventType: 'lading.shipment.dispatched.v1', unit: serial },
      });
    });

    it('and not from a line where others lost units, too; but it sends what was lost of the line once more', () => {
      const also = given(
        house,
        placed('PO-H', 'xai', tiles(9)),
        dispatched('S-H', [{ ...of('PO-H', '1'), quantity: 9, serials: serials('H', 9) }], { consignee: 'xai' }),
        tell('reallocation.made', {
          ...{ reallocation: 'RA-1', kind: 'reconsigned', from: 'xai', to: 'x' },
          lines: [{ ...of('PO-H', '1'), quantity: 1, serials: ['H9'], shipment: 'S-H' }],
        }),
        ...['H8', 'H9'].map((serial, at) =>
          tell('shipment.lost', {
            shipment: 'S-H',
            lines: [{ ...of('PO-H', '1', ['xai', 'x'][at]), quantity: 1, serials: [serial] }],
          }),
        ),
        resold('SO-H', 'xai', 'x'),
      );
      const send = (order: string, line: object) => ({
        ...{ shipment: 'S-2', consignee: 'x', carrier: 'dhl' },
        lines: [{ ...of(order, '1'), quantity: 1, ...line }],
      });
      const type = 'lading.shipment.dispatched.v1';
      const lost = { from: [{ ...of('PO-H', '1'), stage: 'lost' }] };
      expect(saying(also, type, send('SO-H', lost), 'xai')).toMatchObject({ line: '1 of order PO-H' });
      expect(saying(also, type, send('SO-H', { serials: ['H9'] }), 'xai')).toMatchObject({ unit: 'H9' });
      expect(saying(also, type, send('PO-H', { serials: ['H9'] }), 'nvidia')).toBeUndefined();
    });

    it('and neither does whoever counts, receives or orders take others’ units by their numbers', () => {
      const whyNot = (type: EventType, data: unknown, party: string) =>
        whyNotEntitled({ source: 'urn:test', type, data, time } as Command, party, story.ledger)?.facts;
      const line = { ...of('PO-H', '1'), owner: 'xai' };
      const counts = { custodian: 'xai', lines: [{ ...line, observed: 9, serials: ['T1'] }] };
      expect(whyNot('lading.count.adjusted.v1', counts, 'xai')).toMatchObject({ unit: 'T1' });
      const receives = {
        shipment: 'S-H',
        by: 'xai',
        lines: [{ ...line, received: 0, surplus: 1, surplusSerials: ['T1'] }],
      };
      expect(whyNot('lading.shipment.received.v1', receives, 'xai')).toMatchObject({ unit: 'T1' });
      const window = january;
      const orders = {
        order: 'SO-9',
        buyer: 'x',
        supplier: 'amd',
        lines: [{ line: '1', item: 'D1', quantity: 1, window, serials: ['T2'] }],
      };
      expect(whyNot('lading.order.placed.v1', orders, 'amd')).toMatchObject({ unit: 'T2' });
      expect(whyNot('lading.order.placed.v1', { ...orders, supplier: 'nvidia' }, 'nvidia')).toBeUndefined();
    });
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
