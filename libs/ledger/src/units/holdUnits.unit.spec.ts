import { describe, expect, it } from 'vitest';
import { accepted, dispatched, executed, of, placed, proposed, received, tell, type Told } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import { touched } from '../evolve.ts';
import { fromJson, toJson } from '../serialisable.ts';

type Line = Extract<Told, { type: 'lading.units.held.v1' }>['data']['lines'][number];
const T = of('PO-T', '1');
const X = of('PO-X', '1');
const UNTIL = '2023-12-08T12:00:00Z';
const orders = [placed('PO-T', 'tesla', 100), placed('PO-X', 'x', 100)];

const held = (hold: string, quantity: number, rest: Partial<Line> & { until?: string; owner?: string } = {}): Told => {
  const { until = UNTIL, owner = 'tesla', ...line } = rest;
  return tell('units.held', { hold, owner, purpose: 'Export licence', until, lines: [{ ...T, quantity, ...line }] });
};
const released = (hold: string): Told => tell('units.released', { hold });
let reallocations = 0;
const sell = (quantity: number, hold?: string): Told =>
  tell('reallocation.made', {
    reallocation: `RA-${++reallocations}`,
    kind: 'reassigned',
    from: 'tesla',
    to: 'xai',
    lines: [{ ...T, quantity }],
    ...(hold !== undefined && { hold }),
  });

describe('units that an owner holds for a purpose', () => {
  it('stay the owner’s, and are refused to whatever could leave them, naming the hold and until when', () => {
    const story = given(...orders, held('H/1', 60));
    const facts = {
      ...T,
      owner: 'tesla',
      asked: 41,
      available: 40,
      held: [{ hold: 'H/1', quantity: 60, until: UNTIL }],
    };
    expect(story.refusal(sell(41))).toMatchObject({ code: 'held-for', facts });
    expect(story.refusal(tell('order.line_cancelled', { ...T, initiator: 'seller', quantity: 41 }))).toMatchObject({
      code: 'held-for',
    });
    expect(story.units('PO-T')).toEqual(['tesla@nvidia ordered PO-T/1: 100']);
    story.take(sell(40));
  });

  it('are held by nothing else at the same time, be it a hold or a swap, and a hold takes none that a swap holds', () => {
    const legs = [
      { from: 'tesla', to: 'x', ...T, quantity: 30 },
      { from: 'x', to: 'tesla', ...X, quantity: 1 },
    ];
    const story = given(...orders, held('H-1', 60), proposed('SW-1', 'x', legs), accepted('SW-1', 'tesla'));
    expect(story.refusal(held('H-2', 11))).toMatchObject({
      code: 'held-for',
      facts: { available: 10, held: [{ hold: 'H-1' }, { swap: 'SW-1', quantity: 30 }] },
    });
    story.take(proposed('SW-2', 'x', [{ ...legs[0]!, quantity: 11 }, legs[1]!]));
    expect(story.refusal(accepted('SW-2', 'tesla'))).toMatchObject({ code: 'held-for' });
    story.take(executed('SW-1', 'x'));
    story.take(held('H-2', 10));
  });

  it('are what is there: no more than that, of no other owner, in no other place, and until a moment that is to come', () => {
    const story = given(...orders, dispatched('S-1', [{ ...T, quantity: 50 }]));
    expect(story.refusal(held('H-1', 101))).toMatchObject({ code: 'insufficient-quantity', facts: { available: 100 } });
    expect(story.refusal(held('H-1', 51, { shipment: 'S-1' }))).toMatchObject({ code: 'insufficient-quantity' });
    expect(story.refusal(held('H-1', 1, { stage: 'held' }))).toMatchObject({ code: 'wrong-stage' });
    expect(story.refusal(held('H-1', 1, { owner: 'xai' }))).toMatchObject({ code: 'not-the-owner' });
    expect(story.refusal(held('H-1', 1, { until: story.now.toISOString() }))).toMatchObject({
      code: 'nothing-to-do',
      facts: { hold: 'H-1', until: story.now.toISOString() },
    });
    story.take(held('H-1', 50, { shipment: 'S-1' }));
    story.take(held('H-2', 50));
  });

  it('stay held on their way, and are lost or counted as the facts say', () => {
    const story = given(...orders, held('H-1', 60), dispatched('S-1', [{ ...T, quantity: 100 }]));
    story.take(received('S-1', 'tesla', [{ ...T, received: 100 }]));
    const scrap = (quantity: number) => tell('units.scrapped', { custodian: 'tesla', lines: [{ ...T, quantity }] });
    expect(story.refusal(scrap(41))).toMatchObject({ code: 'held-for', facts: { available: 40 } });
    story.take(tell('count.adjusted', { custodian: 'tesla', lines: [{ ...T, observed: 50 }] }));
    expect(story.refusal(scrap(1))).toMatchObject({ code: 'held-for', facts: { available: 0 } });
  });

  it('are free again when their hold is released, which its event says of each order, and again is refused', () => {
    const story = given(...orders, held('H/1', 60));
    expect(story.take(released('H/1'))).toEqual({ hold: 'H/1', owner: 'tesla', released: ['PO-T'] });
    expect(touched(story.ledger.events.at(-1)!).toSorted()).toEqual(['hold/H/1', 'order/PO-T']);
    expect(story.refusal(released('H/1'))).toMatchObject({
      code: 'hold-not-open',
      facts: { hold: 'H/1', state: 'released' },
    });
    expect(story.refusal(released('H-9'))).toMatchObject({ code: 'unknown-hold', facts: { hold: 'H-9' } });
    expect(story.refusal(held('H/1', 1))).toMatchObject({ code: 'already-exists', facts: { hold: 'H/1' } });
    story.take(sell(100));
  });

  it('are let go in part by a release and a new hold of the rest, one after the other', () => {
    const story = given(...orders, held('H/1', 60), released('H/1'), held('H/2', 50));
    expect(story.refusal(sell(51))).toMatchObject({
      code: 'held-for',
      facts: { available: 50, held: [{ hold: 'H/2' }] },
    });
    story.take(sell(50));
  });

  it('are free from the moment on that the hold names, without an event, and nothing releases it then', () => {
    const story = given(...orders, held('H-1', 60));
    story.until('2023-12-08T11:59:59.999Z');
    expect(story.refusal(sell(41))).toMatchObject({ code: 'held-for' });
    story.until(UNTIL);
    expect(story.refusal(released('H-1'))).toMatchObject({
      code: 'hold-not-open',
      facts: { state: 'expired', until: UNTIL },
    });
    expect(story.refusal(sell(41, 'H-1'))).toMatchObject({ code: 'hold-not-open' });
    story.take(sell(100));
  });

  it('go by a reallocation that names their hold, which is over with it, and by no other owner’s', () => {
    const story = given(...orders, held('H-1', 60), held('H-2', 30), held('H-X', 1, { ...X, owner: 'x' }));
    expect(story.refusal(sell(71, 'H-1'))).toMatchObject({
      code: 'held-for',
      facts: { available: 70, held: [{ hold: 'H-2', quantity: 30 }] },
    });
    expect(story.refusal(sell(1, 'H-X'))).toMatchObject({ code: 'not-the-owner', facts: { owners: ['x'] } });
    expect(story.refusal(sell(1, 'H-9'))).toMatchObject({ code: 'unknown-hold' });
    expect(story.take(sell(50, 'H-1'))).toMatchObject({ hold: 'H-1', released: ['PO-T'] });
    expect(touched(story.ledger.events.at(-1)!)).toContain('hold/H-1');
    expect(story.refusal(sell(21))).toMatchObject({ code: 'held-for', facts: { available: 20 } });
    story.take(sell(20));
  });

  it('are remembered by snapshots, and the hold keeps what it takes to end it', () => {
    const story = given(...orders, held('H-1', 60), held('H-2', 1), released('H-2'));
    for (const key of ['hold/H-1', 'hold/H-2', 'order/PO-T'] as const) {
      const there = story.ledger.entity(key)!;
      expect(fromJson(JSON.parse(JSON.stringify(toJson(there))))).toEqual(there);
    }
    expect(story.ledger.entity('hold/H-1')).toMatchObject({ owner: 'tesla', orders: ['PO-T'], status: 'open' });
  });
});
