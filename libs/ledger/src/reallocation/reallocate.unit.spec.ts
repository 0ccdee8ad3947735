import { describe, expect, it } from '@jest/globals';
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
  it('reassigned while ordered: the owner changes, everything else stays', () => {
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

  it('reconsigned in transit: in part, and the shipment stays for its consignee', () => {
    const story = given(...sent);
    const data = story.take(made('reconsigned', [{ ...one, quantity: 30, shipment: 'S-1' }]));
    expect(data).not.toHaveProperty('consignees');
    expect(story.units()).toEqual(['tesla@dhl in_transit S-1 PO-1/1: 70', 'x@dhl in_transit S-1 PO-1/1: 30']);
  });

  it('reconsigned in transit: when all that is left has one owner, the shipment is for that owner', () => {
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

  it('reconsigned in transit: a shipment of several orders changes its consignee only when all of them do', () => {
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

  it('reconsigned to whom the shipment is for already: nothing about it changes', () => {
    const story = given(...ordered, dispatched('S-1', [{ ...one, quantity: 100 }], { consignee: 'x' }));
    expect(story.take(made('reconsigned', [{ ...one, quantity: 100, shipment: 'S-1' }]))).not.toHaveProperty(
      'consignees',
    );
  });

  it('transferred once held, or damaged where the line says so', () => {
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

  it('transferred from several custodians: in the order of their ids, unless the line names one', () => {
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

  it('not when they have moved on to another stage: the answer says where they are', () => {
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

  it('not in a stage or on a shipment that contradicts the kind', () => {
    for (const refused of [
      made('reassigned', [{ ...one, quantity: 1, stage: 'held' }]),
      made('reassigned', [{ ...one, quantity: 1, shipment: 'S-1' }]),
      made('transferred', [{ ...one, quantity: 1, stage: 'in_transit' }]),
      made('reconsigned', [{ ...one, quantity: 1, shipment: 'S-1', stage: 'damaged' }]),
    ]) {
      expect(given(...sent).refusal(refused)).toMatchObject({ code: 'wrong-stage' });
    }
  });

  it('not in transit without saying on which shipment', () => {
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

  it("not somebody else's", () => {
    expect(given(...ordered).refusal(made('reassigned', [{ ...one, quantity: 1 }], { from: 'xai' }))).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'xai', owners: ['tesla'] },
    });
  });

  it('no more than there are, all lines summed', () => {
    const twice = made('reassigned', [
      { ...one, quantity: 60 },
      { ...one, quantity: 60 },
    ]);
    expect(given(...ordered).refusal(twice)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-1', line: '1', owner: 'tesla', asked: 120, available: 100 },
    });
  });

  it('not to whom they belong, not twice under one id, not between strangers', () => {
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
