import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { catalog, type EventType, eventTypes } from '#contracts/catalog';
import { rejectionCodes } from '#contracts/rejections';
import { anyData } from '#test/ledger/anyData';
import { asNvidia, accepted, dispatched, of, placed, proposed, received, tell, type Told } from '#test/ledger/facts';
import { Sandbox } from './sandbox.ts';
import { given } from '#test/ledger/story';
import type { Command } from './command.ts';
import { decide } from './decide.ts';
import { entitiesNamed } from './named.ts';

const now = new Date('2024-01-01T00:00:00Z');
const lively = given(
  placed('PO-1', 'tesla', 12, 5),
  placed('PO-2', 'x', 10),
  placed('PO-X', 'x', 2 ** 31 - 1),
  placed('PO-D', 'tesla', { quantity: 3, item: 'D1', serials: ['D-1', 'D-2', 'D-3'] }, { quantity: 5, item: 'D1' }),
  dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 10 }]),
  dispatched('S-2', [{ ...of('PO-D', '1'), quantity: 3 }], { consignee: 'x' }),
  tell('reallocation.made', {
    reallocation: 'RA-1',
    kind: 'reconsigned',
    from: 'tesla',
    to: 'x',
    lines: [{ ...of('PO-1', '1'), quantity: 3, shipment: 'S-1' }],
  }),
  received('S-1', 'tesla', [{ ...of('PO-1', '1', 'tesla'), received: 5, damaged: 1 }]),
  tell('units.held', {
    hold: 'H-1',
    owner: 'x',
    purpose: 'Kept',
    until: '2030-01-01T00:00:00Z',
    lines: [{ ...of('PO-2', '1'), quantity: 3 }],
  }),
  proposed('SW-1', 'x', [
    { from: 'tesla', to: 'x', ...of('PO-1', '2'), quantity: 1 },
    { from: 'x', to: 'tesla', ...of('PO-2', '1'), quantity: 1 },
  ]),
  accepted('SW-1', 'tesla'),
).ledger;

describe.each(eventTypes.map((type) => [type]))('%s', (type: EventType) => {
  it('the rule decides without throwing, whatever the contract takes; what it accepts fits the contract and can be applied', () => {
    fc.assert(
      fc.property(anyData(type), (told: Told) => {
        for (const ledger of [lively, new Sandbox(asNvidia)]) {
          const command = { source: 'urn:test', ...told, time: now.toISOString() } as Command;
          expect(entitiesNamed(command)).toBeDefined();
          const decision = decide(command, ledger, now);
          if (!decision.ok) {
            if (!rejectionCodes.includes(decision.code)) throw new Error(`unknown code ${decision.code}`);
            continue;
          }
          const parsed = catalog[type].completed.safeParse(JSON.parse(JSON.stringify(decision.data)));
          if (!parsed.success) throw parsed.error;
          const copy = new Sandbox(asNvidia);
          for (const [key, entity] of ledger.entities) copy.entities.set(key, entity);
          copy.apply(copy.eventOf(command, decision.data, now));
        }
      }),
      { numRuns: 60 },
    );
  });
});
