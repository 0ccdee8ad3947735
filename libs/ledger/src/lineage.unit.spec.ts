import { describe, expect, it } from 'vitest';
import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { expandRange } from '#contracts/serials';
import {
  accepted,
  dispatched,
  executed,
  january,
  of,
  placed,
  proposed,
  received,
  tell,
  type Told,
} from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';
import { accountKey, parseAccountKey } from './account.ts';
import { type Branch, Lineage } from './lineage.ts';

const T = of('PO-T', '1');
const X = of('PO-X', '1');

/** The lineage of what a story tells, or of the part of it that is chosen. */
function lineageOf({ ledger }: Story, chosen: (event: LedgerEvent) => boolean = () => true): Lineage {
  const lineage = new Lineage(ledger.events.flatMap(movesOf));
  for (const event of ledger.events) if (chosen(event)) lineage.apply(event);
  return lineage;
}

/** The branches of `x@xai held PO-T/1`, each as its units and the events of its way: `30: placed, dispatched, received`. */
function ways(story: Story, place: string, lineage = lineageOf(story)): string[] {
  const [owners = '', stage = '', ...rest] = place.split(' ');
  const [owner = '', custodian = ''] = owners.split('@');
  const [order = '', line = ''] = (rest.at(-1) ?? '').split('/');
  const item = [...story.ledger.entities.values()].flatMap((one) =>
    one.kind === 'order' && one.order === order ? one.lines.filter((its) => its.line === line) : [],
  )[0]?.item;
  const account = { owner, custodian, item: item ?? '', order, line, stage, shipment: rest[1] ? rest[0] : null };
  return lineage.branches(accountKey(account as never)).map((branch) => wayOf(story, branch));
}

const wayOf = ({ ledger }: Story, { quantity, steps, units }: Branch): string =>
  `${quantity}${units ? ` (${units.flatMap(expandRange).join()})` : ''}: ${steps
    .map(({ sequence, order }) => {
      const { type, subject } = ledger.events[sequence - 1]!;
      return `${type.split('.')[2]!} ${subject.includes(order) ? order : subject.split('/')[1]!}`;
    })
    .join(', ')}`;

const swap: Told[] = [
  proposed('SW-1', 'x', [
    { from: 'tesla', to: 'x', ...T, quantity: 12, shipment: 'S-1' },
    { from: 'x', to: 'tesla', ...X, quantity: 6 },
  ]),
  accepted('SW-1', 'tesla'),
  executed('SW-1', 'nvidia'),
];
const reassign = (reallocation: string, from: string, to: string, quantity: number, line = T) =>
  tell('reallocation.made', { reallocation, kind: 'reassigned', from, to, lines: [{ ...line, quantity }] });

describe('where units came from', () => {
  it('units that a swap brought come from the order of whoever gave them, over the swap, each side from the other', () => {
    const story = given(
      placed('PO-T', 'tesla', 12),
      placed('PO-X', 'x', 6),
      dispatched('S-1', [{ ...T, quantity: 12 }]),
      ...swap,
      received('S-1', 'x', [{ ...T, received: 12 }]),
    );
    expect(ways(story, 'x@x held PO-T/1')).toEqual(['12: placed PO-T, dispatched S-1, executed SW-1, received S-1']);
    expect(ways(story, 'tesla@nvidia ordered PO-X/1')).toEqual(['6: placed PO-X, executed SW-1']);
  });

  it('units sent beyond what was ordered come after those that their owner had before, also where the supplier owns them itself', () => {
    const story = given(
      placed('PO-T', 'tesla', 8),
      reassign('RA-1', 'tesla', 'nvidia', 8),
      dispatched('S-1', [{ ...T, owner: 'nvidia', quantity: 9, over: true }]),
      tell('custody.transferred', {
        shipment: 'S-1',
        from: 'dhl',
        to: 'xai',
        lines: [{ ...T, owner: 'nvidia', quantity: 8 }],
      }),
    );
    expect(ways(story, 'nvidia@xai in_transit S-1 PO-T/1')).toEqual([
      '8: placed PO-T, made RA-1, dispatched S-1, transferred dhl',
    ]);
    expect(ways(story, 'nvidia@dhl in_transit S-1 PO-T/1')).toEqual(['1: dispatched S-1']);
  });

  it('units that are tracked by quantity leave first in, first out, and a branch says how many came which way', () => {
    const story = given(
      placed('PO-T', 'tesla', 10),
      placed('PO-X', 'x', 5),
      reassign('RA-1', 'tesla', 'x', 4),
      reassign('RA-2', 'x', 'xai', 1),
      reassign('RA-3', 'tesla', 'x', 3),
      dispatched('S-1', [{ ...T, owner: 'x', quantity: 5 }]),
    );
    expect(ways(story, 'x@dhl in_transit S-1 PO-T/1')).toEqual([
      '3: placed PO-T, made RA-1, dispatched S-1',
      '2: placed PO-T, made RA-3, dispatched S-1',
    ]);
    expect(ways(story, 'x@nvidia ordered PO-T/1')).toEqual(['1: placed PO-T, made RA-3']);
    expect(ways(story, 'xai@nvidia ordered PO-T/1')).toEqual(['1: placed PO-T, made RA-1, made RA-2']);
  });

  it('units keep their turn on their way, so that what their owner got first goes on first, wherever it was sent from', () => {
    const story = given(
      placed('PO-T', 'tesla', 30),
      reassign('RA-1', 'tesla', 'x', 10),
      dispatched('S-1', [{ ...T, owner: 'x', quantity: 10 }]),
      reassign('RA-2', 'tesla', 'x', 20),
      dispatched('S-2', [{ ...T, owner: 'x', quantity: 20 }]),
      received('S-2', 'xai', [{ ...T, owner: 'x', received: 20 }]),
      received('S-1', 'xai', [{ ...T, owner: 'x', received: 10 }]),
      tell('custody.transferred', { from: 'xai', to: 'x', lines: [{ ...T, quantity: 10 }] }),
    );
    expect(ways(story, 'x@x held PO-T/1')).toEqual([
      '10: placed PO-T, made RA-1, dispatched S-1, received S-1, transferred xai',
    ]);
  });

  it('what a supplier says of ordered units, and another window, are steps of those that are ordered then', () => {
    const confirm = (code: 'accepted') => tell('order.confirmed', { order: 'PO-T', lines: [{ line: '1', code }] });
    const story = given(
      placed('PO-T', 'tesla', 10),
      confirm('accepted'),
      dispatched('S-1', [{ ...T, quantity: 4 }]),
      tell('order.line_changed', { ...T, initiator: 'seller', window: january }),
      tell('order.line_changed', { ...T, initiator: 'buyer', quantity: 12 }),
    );
    expect(ways(story, 'tesla@dhl in_transit S-1 PO-T/1')).toEqual(['4: placed PO-T, confirmed PO-T, dispatched S-1']);
    expect(ways(story, 'tesla@nvidia ordered PO-T/1')).toEqual([
      '6: placed PO-T, confirmed PO-T, line_changed PO-T',
      '2: line_changed PO-T',
    ]);
  });

  it('a unit with a serial number is followed by it, whoever it was with, also when it came back and was sold again', () => {
    const story = given(
      placed('PO-T', 'tesla', { quantity: 3, item: 'D1' }),
      dispatched('S-1', [{ ...T, quantity: 3, serials: ['A1', 'A2', 'A3'] }]),
      received('S-1', 'tesla', [{ ...T, received: 3 }]),
      tell('units.returned', {
        return: 'R-1',
        from: 'tesla',
        to: 'nvidia',
        lines: [{ ...T, quantity: 1, serials: ['A2'] }],
      }),
      placed('PO-X', 'x', { quantity: 2, item: 'D1' }),
      dispatched('S-2', [{ ...X, quantity: 2, serials: ['A2', 'A9'] }], { consignee: 'x' }),
    );
    expect(ways(story, 'tesla@tesla held PO-T/1')).toEqual(['2 (A1,A3): placed PO-T, dispatched S-1, received S-1']);
    expect(ways(story, 'x@dhl in_transit S-2 PO-X/1')).toEqual([
      '1 (A2): placed PO-T, dispatched S-1, received S-1, returned R-1, placed PO-X, dispatched S-2, dispatched S-2',
      '1 (A9): placed PO-X, dispatched S-2',
    ]);
    const alone = new Lineage([X]);
    for (const event of story.ledger.events) alone.apply(event);
    expect([...alone.others]).toEqual([T]);
    // Followed without the line that they came from, units do not say where they began.
    expect([alone, lineageOf(story)].map((one) => one.unit('D1', 'A2')!.branch.begins)).toEqual([false, true]);
    expect(parseAccountKey(lineageOf(story).unit('D1', 'A2')!.account)).toMatchObject({ owner: 'x', order: 'PO-X' });
  });

  it('units that are sold again by quantity come from the line that they were of', () => {
    const story = given(
      placed('PO-T', 'tesla', 4),
      dispatched('S-1', [{ ...T, quantity: 4 }]),
      received('S-1', 'tesla', [{ ...T, received: 4 }]),
      tell('units.returned', { return: 'R-1', from: 'tesla', to: 'nvidia', lines: [{ ...T, quantity: 4 }] }),
      placed('PO-X', 'x', 5),
      dispatched('S-2', [{ ...X, quantity: 5, from: [{ ...T, stage: 'returned', quantity: 3 }] }]),
    );
    expect(ways(story, 'x@dhl in_transit S-2 PO-X/1')).toEqual([
      '3: placed PO-T, dispatched S-1, received S-1, returned R-1, placed PO-X, dispatched S-2, dispatched S-2',
      '2: placed PO-X, dispatched S-2',
    ]);
    const alone = new Lineage([X]);
    for (const event of story.ledger.events) alone.apply(event);
    expect(ways(story, 'x@dhl in_transit S-2 PO-X/1', alone)).toEqual(['5: placed PO-X, dispatched S-2']);
    expect(
      alone.branches(
        accountKey({ ...X, owner: 'x', custodian: 'dhl', item: 'H100', stage: 'in_transit', shipment: 'S-2' }),
      ),
    ).toMatchObject([{ quantity: 5, begins: false }]);
  });

  it('of a part of a history, units whose coming is not known begin where they went, and are missing where they left', () => {
    const story = given(
      placed('PO-T', 'tesla', 10),
      dispatched('S-1', [{ ...T, quantity: 10 }]),
      received('S-1', 'tesla', [{ ...T, received: 10 }]),
    );
    const part = lineageOf(story, ({ type }) => type !== 'lading.shipment.dispatched.v1');
    expect(ways(story, 'tesla@tesla held PO-T/1', part)).toEqual(['10: received S-1']);
    expect(ways(story, 'tesla@dhl in_transit S-1 PO-T/1', part)).toEqual(['-10: ']);
    expect(ways(story, 'tesla@nvidia ordered PO-T/1', part)).toEqual(['10: placed PO-T']);
  });
});
