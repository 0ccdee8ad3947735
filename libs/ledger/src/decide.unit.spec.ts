import { describe, expect, it } from 'vitest';
import { eventTypes } from '#contracts/catalog';
import { examples } from '#contracts/examples';
import { decide } from '#ledger/decide';
import { asNvidia, of, placed, tell } from '#test/ledger/facts';
import { Sandbox } from './sandbox.ts';
import { given } from '#test/ledger/story';
import type { Command } from './command.ts';

const now = new Date('2024-01-01T12:00:00Z');
const party = (time: string): Command => ({
  source: 'urn:test',
  type: 'lading.party.registered.v1',
  data: { party: 'p', name: 'P', roles: ['customer'] },
  time,
});

describe('deciding', () => {
  it('an event may have happened long ago, or up to five minutes after its recorded time, and not later', () => {
    const ledger = new Sandbox(asNvidia);
    expect(decide(party('1999-01-01T00:00:00+14:00'), ledger, now).ok).toBe(true);
    expect(decide(party('2024-01-01T13:05:00+01:00'), ledger, now).ok).toBe(true);
    expect(decide(party('2024-01-01T12:05:00.001Z'), ledger, now)).toMatchObject({
      code: 'occurred-in-future',
      facts: { time: '2024-01-01T12:05:00.001Z', now: '2024-01-01T12:00:00.000Z', maxAheadSeconds: 300 },
    });
  });

  it('the opening of a ledger is never taken back', () => {
    const voided = tell('event.voided', { sequence: 1, reason: 'did_not_occur' });
    expect(given().refusal(voided)).toMatchObject({ code: 'not-supported', facts: { sequence: 1 } });
  });

  it('every type that was ever published has a rule', () => {
    for (const type of eventTypes) {
      const command = { source: 'urn:test', type, data: examples[type], time: now.toISOString() } as Command;
      expect(decide(command, new Sandbox(asNvidia), now)).toHaveProperty('ok');
    }
  });

  it('the decision is the same for the same view, and changes nothing', () => {
    const { ledger } = given(placed('PO-1', 'tesla', 10));
    const { type, data } = tell('order.line_cancelled', { ...of('PO-1', '1'), initiator: 'buyer' });
    const command = { source: 'urn:test', type, data, time: now.toISOString() } as Command;
    expect(decide(command, ledger, now)).toEqual(decide(command, ledger, now));
  });
});
