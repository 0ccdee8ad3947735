import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomInt } from 'node:crypto';
import type { Command } from '#ledger/command';
import { Dice, happens } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { isAsIfNeverTold, takeBackWithAll, wouldBeTakenAgain } from '#test/ledger/takenBack';

const RUNS = Number(process.env.LADING_RUNS ?? 30);
const seed = Number(process.env.LADING_SEED ?? randomInt(2 ** 31));
const steps = fc.noBias(
  fc.array(fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 }), { minLength: 10, maxLength: 50 }),
);
const taken = new Map<string, number>();

describe('a fact that is taken back', () => {
  it(`whatever is taken back with what its refusal names, in that order, leaves the ledger as if it had never been told (LADING_SEED=${seed})`, () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(9_999), { minLength: 3, maxLength: 3 }), (rolls, which) => {
        const told = new Map<number, { command: Command; now: Date }>();
        const history: History = new History((command, now, decision) => {
          if (decision.ok) told.set(told.size + 1, { command, now });
        });
        for (const roll of rolls) {
          const dice = new Dice(roll);
          history.happens(happens(dice, history.model), dice.chance(75) ? 0 : dice.roll(12));
        }
        const { ledger } = history;
        const many = ledger.events.length;
        for (const one of which) {
          // Mostly what was told last: what was first has everything standing on it.
          const event = ledger.events[many - 1 - (one % Math.min(many, 30))]!;
          const now = new Date(history.model.now.getTime() + 1_000);
          const dependants = takeBackWithAll(ledger, event.sequence, now);
          if (dependants !== undefined) taken.set(event.type, (taken.get(event.type) ?? 0) + 1);
          isAsIfNeverTold(ledger);
          wouldBeTakenAgain(ledger, told);
        }
      }),
      { numRuns: RUNS, seed, endOnFailure: true },
    );
    process.stdout.write(`${JSON.stringify(Object.fromEntries(taken))}\n`);
    expect(taken.size).toBeGreaterThan(10);
  });
});
