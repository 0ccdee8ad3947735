import { describe, expect, it } from 'vitest';
import { decideByAsking } from '#test/ledger/decideByAsking';
import { accepted, dispatched, of, placed, proposed, received, tell, type Told } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import type { Command } from './command.ts';
import { entitiesNamed } from './named.ts';
import type { View } from './view.ts';

const named = ({ type, data }: Told) =>
  entitiesNamed({ source: 'urn:test', type, data, time: '2024-01-01T00:00:00Z' } as Command);

describe('the entities that a command names', () => {
  it('a command names its parties, orders, items, shipments and its own id, each once', () => {
    const lines = [
      { ...of('PO-1', '1', 'x'), quantity: 1 },
      { ...of('PO-1', '2'), quantity: 1 },
    ];
    expect(named(dispatched('S-1', lines)).sort()).toEqual([
      'order/PO-1',
      'party/dhl',
      'party/tesla',
      'party/x',
      'shipment/S-1',
    ]);
    expect(named(placed('PO-1', 'tesla', 1, 2)).sort()).toEqual([
      'item/H100',
      'order/PO-1',
      'party/nvidia',
      'party/tesla',
    ]);
    const leg = { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 1, custodian: 'dhl', shipment: 'S-2' };
    expect(named(proposed('SW-1', 'xai', [leg])).sort()).toEqual([
      'order/PO-X',
      'party/dhl',
      'party/tesla',
      'party/x',
      'party/xai',
      'shipment/S-2',
      'swap/SW-1',
    ]);
    expect(named(tell('ledger.opened', { name: 'L', keeper: 'nvidia' }))).toEqual(['ledger']);
    expect(named(tell('event.voided', { sequence: 1, reason: 'did_not_occur' }))).toEqual(['event/1']);
  });

  it('the rules ask for the entities that the named ones lead to, and a decision needs a few rounds of loading', () => {
    const { ledger } = given(
      placed('PO-1', 'tesla', 10),
      placed('PO-2', 'tesla', 10),
      placed('PO-X', 'x', { quantity: 10, item: 'D1' }),
      dispatched('S-1', [
        { ...of('PO-1', '1'), quantity: 10 },
        { ...of('PO-2', '1'), quantity: 10 },
      ]),
      received('S-1', 'tesla', [{ ...of('PO-2', '1'), received: 10 }]),
      proposed('SW-1', 'x', [
        { from: 'tesla', to: 'x', ...of('PO-1', '1'), quantity: 10 },
        { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 1, serials: ['a'] },
      ]),
      accepted('SW-1', 'tesla'),
    );
    const command: Command = {
      source: 'urn:test',
      type: 'lading.swap.executed.v1',
      data: { swap: 'SW-1', by: 'x' },
      time: '2024-01-01T00:00:00Z',
    };
    const asked = new Set<string>();
    const view: View = {
      entity: (key) => (asked.add(key), ledger.entity(key)),
      units: (range) => ledger.units(range),
      unitsOf: (item, ranges) => ledger.unitsOf(item, ranges),
      named: (account) => ledger.named(account),
      stream: (key) => ledger.stream(key),
      recorded: (sequence) => ledger.recorded(sequence),
      isWhole: () => true,
    };
    const { decision, rounds } = decideByAsking(command, view, new Date('2024-01-01T00:00:00Z'));
    expect(decision).toMatchObject({ ok: true, data: { consignees: [{ shipment: 'S-1', consignee: 'x' }] } });
    expect([...asked].sort()).toEqual([
      'item/D1',
      'item/H100',
      'order/PO-1',
      'order/PO-2',
      'order/PO-X',
      'party/x',
      'shipment/S-1',
      'swap/SW-1',
    ]);
    // The swap; its orders; their items and the shipment; the shipment's other order; serial numbers; nothing new.
    expect(rounds).toBeLessThanOrEqual(6);
  });

  it('a swap of many orders takes no more rounds of loading than a swap of two', () => {
    const many = Array.from({ length: 20 }, (_, at) => `PO-${at}`);
    const legs = many.map((order, at) => ({
      from: at % 2 ? 'x' : 'tesla',
      to: at % 2 ? 'tesla' : 'x',
      ...of(order, '1'),
      quantity: 1,
    }));
    const orders = many.map((order, at) => placed(order, at % 2 ? 'x' : 'tesla', 1));
    const { ledger } = given(...orders, proposed('SW-1', 'x', legs), accepted('SW-1', 'tesla'));
    const command: Command = {
      source: 'urn:test',
      type: 'lading.swap.executed.v1',
      data: { swap: 'SW-1', by: 'x' },
      time: '2024-01-01T00:00:00Z',
    };
    const { decision, rounds } = decideByAsking(command, ledger, new Date('2024-01-01T00:00:00Z'));
    expect([decision.ok, rounds]).toEqual([true, 3]);
  });
});
