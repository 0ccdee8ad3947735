import { describe, expect, it } from 'vitest';
import { catalog, type Submitted } from '#contracts/catalog';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

type Made = Submitted<'lading.reallocation.made.v1'>;
const one = of('PO-1', '1');
const made = (kind: Made['kind'], lines: Made['lines'], rest: Partial<Made> = {}) =>
  tell('reallocation.made', { reallocation: 'RA-1', kind, from: 'tesla', to: 'x', lines, ...rest });

const ordered = [placed('PO-1', 'tesla', 100)];
const sent = [...ordered, dispatched('S-1', [{ ...one, quantity: 100 }], { destination: 'Austin', eta: '2023-12-28' })];
const held = [...sent, received('S-1', 'tesla', [{ ...one, received: 90, damaged: 10 }])];

describe('units are reallocated', () => {
  it('a reassignment of ordered units changes their owner and nothing else', () => {
    const story = given(...ordered);
    expect(story.take(made('reassigned', [{ ...one, quantity: 30 }]))).toMatchObject({
      lines: [{ ...one, quantity: 30, item: 'H100' }],
      moves: [
        {
          quantity: 30,
          from: { owner: 'tesla', custodian: 'nvidia', stage: 'ordered' },
          to: { owner: 'x', custodian: 'nvidia', stage: 'ordered' },
        },
      ],
    });
    expect(story.units()).toEqual(['tesla@nvidia ordered PO-1/1: 70', 'x@nvidia ordered PO-1/1: 30']);
  });

  it('a reconsignment of part of the units in transit leaves the shipment for its consignee', () => {
    const story = given(...sent);
    const data = story.take(made('reconsigned', [{ ...one, quantity: 30, shipment: 'S-1' }]));
    expect(data).not.toHaveProperty('consignees');
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 70', 'x@dhl in_transit S-1 PO-1/1: 30']);
  });

  it('a reconsignment that leaves one owner for all units in transit makes the shipment one for that owner', () => {
    const story = given(...sent, received('S-1', 'tesla', [{ ...one, received: 10 }]));
    const whole = made('reconsigned', [{ ...one, quantity: 90, shipment: 'S-1' }], {
      destination: 'Memphis',
      eta: '2023-12-30',
    });
    expect(story.take(whole)).toMatchObject({
      consignees: [{ shipment: 'S-1', consignee: 'x', destination: 'Memphis', eta: '2023-12-30' }],
    });
    expect(story.ledger.entity('shipment/S-1')).toMatchObject({
      consignee: 'x',
      destination: 'Memphis',
      eta: '2023-12-30',
      version: story.ledger.events.length,
    });
  });

  it('a shipment of several orders changes its consignee only when the units of all of them are reconsigned', () => {
    const story = given(
      placed('PO-1', 'tesla', 10),
      placed('PO-2', 'tesla', 10),
      dispatched('S-1', [
        { ...one, quantity: 10 },
        { ...of('PO-2', '1'), quantity: 10 },
      ]),
    );
    expect(story.take(made('reconsigned', [{ ...one, quantity: 10, shipment: 'S-1' }]))).not.toHaveProperty(
      'consignees',
    );
    const rest = made('reconsigned', [{ ...of('PO-2', '1'), quantity: 10, shipment: 'S-1' }], { reallocation: 'RA-2' });
    expect(story.take(rest)).toMatchObject({ consignees: [{ shipment: 'S-1', consignee: 'x' }] });
  });

  it('a reconsignment to the consignee of the shipment changes nothing about the shipment', () => {
    const story = given(...ordered, dispatched('S-1', [{ ...one, quantity: 100 }], { consignee: 'x' }));
    expect(story.take(made('reconsigned', [{ ...one, quantity: 100, shipment: 'S-1' }]))).not.toHaveProperty(
      'consignees',
    );
  });

  it('a transfer moves held units, or damaged ones where the line says so', () => {
    const story = given(...held);
    story.take(
      made('transferred', [
        { ...one, quantity: 5 },
        { ...one, quantity: 10, stage: 'damaged' },
      ]),
    );
    expect(story.units()).toEqual([
      'tesla@tesla held PO-1/1: 85',
      'x@tesla damaged PO-1/1: 10',
      'x@tesla held PO-1/1: 5',
    ]);
  });

  it('a transfer from several custodians takes units in the order of their ids, unless the line names one', () => {
    const handed = tell('custody.transferred', { from: 'tesla', to: 'dhl', lines: [{ ...one, quantity: 20 }] });
    const story = given(...held, handed);
    expect(story.take(made('transferred', [{ ...one, quantity: 25 }]))).toMatchObject({
      moves: [
        { quantity: 20, from: { custodian: 'dhl' } },
        { quantity: 5, from: { custodian: 'tesla' } },
      ],
    });
    const named = made('transferred', [{ ...one, quantity: 1, custodian: 'dhl' }], { reallocation: 'RA-2' });
    expect(story.refusal(named)).toMatchObject({ code: 'not-the-custodian', facts: { custodians: ['tesla'] } });
  });

  it('a reallocation of units that have moved on to another stage is rejected with the place where they are', () => {
    expect(given(...sent).refusal(made('reassigned', [{ ...one, quantity: 1 }]))).toMatchObject({
      code: 'wrong-stage',
      facts: {
        order: 'PO-1',
        line: '1',
        owner: 'tesla',
        stage: 'ordered',
        elsewhere: [{ owner: 'tesla', custodian: 'dhl', stage: 'in_transit', shipment: 'S-1', quantity: 100 }],
      },
    });
    expect(given(...held).refusal(made('reconsigned', [{ ...one, quantity: 1, shipment: 'S-1' }]))).toMatchObject({
      code: 'wrong-stage',
      facts: { shipment: 'S-1' },
    });
    expect(given(...ordered).refusal(made('transferred', [{ ...one, quantity: 1 }]))).toMatchObject({
      code: 'wrong-stage',
    });
    const cancelled = tell('order.line_cancelled', { ...one, initiator: 'buyer' });
    expect(given(...ordered, cancelled).refusal(made('reassigned', [{ ...one, quantity: 1 }]))).toMatchObject({
      code: 'wrong-stage',
      facts: { elsewhere: [{ stage: 'cancelled' }] },
    });
  });

  it('a reallocation is rejected in a stage or on a shipment that contradicts its kind', () => {
    for (const refused of [
      made('reassigned', [{ ...one, quantity: 1, stage: 'held' }]),
      made('reassigned', [{ ...one, quantity: 1, shipment: 'S-1' }]),
      made('transferred', [{ ...one, quantity: 1, stage: 'in_transit' }]),
      made('reconsigned', [{ ...one, quantity: 1, shipment: 'S-1', stage: 'damaged' }]),
    ]) {
      expect(given(...sent).refusal(refused)).toMatchObject({ code: 'wrong-stage' });
    }
  });

  it('a reconsignment is rejected when it does not say on which shipment the units are', () => {
    const nowhere = made('reconsigned', [{ ...one, quantity: 1 }]);
    expect(given(...sent).refusal(nowhere)).toMatchObject({ code: 'unknown-shipment', facts: one });
    expect(catalog['lading.reallocation.made.v1'].submitted.safeParse(nowhere.data).error?.issues[0]?.path).toEqual([
      'lines',
      0,
      'shipment',
    ]);
    const unknown = made('reconsigned', [{ ...one, quantity: 1, shipment: 'S-9' }]);
    expect(given(...sent).refusal(unknown)).toMatchObject({ code: 'unknown-shipment', facts: { shipment: 'S-9' } });
  });

  it('a reallocation of the units of another owner is rejected', () => {
    expect(given(...ordered).refusal(made('reassigned', [{ ...one, quantity: 1 }], { from: 'xai' }))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'xai', owners: ['tesla'] },
    });
  });

  it('a reallocation of more units than there are, all lines summed, is rejected', () => {
    const twice = made('reassigned', [
      { ...one, quantity: 60 },
      { ...one, quantity: 60 },
    ]);
    expect(given(...ordered).refusal(twice)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-1', line: '1', owner: 'tesla', asked: 120, available: 100 },
    });
  });

  it('a reallocation to their owner, twice under one id, or between unregistered parties is rejected', () => {
    const story = given(...ordered, made('reassigned', [{ ...one, quantity: 1 }]));
    const next = { reallocation: 'RA-2' };
    expect(story.refusal(made('reassigned', [{ ...one, quantity: 1 }]))).toMatchObject({ code: 'already-exists' });
    expect(story.refusal(made('reassigned', [{ ...one, quantity: 1 }], { ...next, to: 'tesla' }))).toMatchObject({
      code: 'nothing-to-do',
    });
    expect(story.refusal(made('reassigned', [{ ...one, quantity: 1 }], { ...next, to: 'who' }))).toMatchObject({
      code: 'unknown-party',
      facts: { party: 'who', role: 'to' },
    });
  });
});
