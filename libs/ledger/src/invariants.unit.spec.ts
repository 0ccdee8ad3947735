import { afterAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { eventTypes } from '#contracts/catalog';
import { isAttributed } from '#test/ledger/attributed';
import { Enlarged } from '#test/ledger/enlarged';
import { Dice } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { isInOneOrder } from '#test/ledger/inOneOrder';
import { standingEvents } from '#test/ledger/takenBack';
import { isTraced } from '#test/ledger/traced';
import { seed } from '#test/setup/seed';

const RUNS = Number(process.env.LADING_RUNS ?? 200);

// Without bias: a die that falls on 0 more often than not tells dull stories.
const steps = fc.noBias(
  fc.array(fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 }), { minLength: 10, maxLength: 50 }),
);

const taken = new Map<string, number>();
const refused = new Map<string, number>();
const add = (tally: Map<string, number>, key: string) => tally.set(key, (tally.get(key) ?? 0) + 1);

describe('whatever happens, in whatever order', () => {
  it('whatever happens, the ledger takes what the rules allow, rejects the rest, books the moves of the table, replays to the same state, and knows where all units came from, branch by branch', () => {
    fc.assert(
      fc.property(steps, (rolls) => {
        const history = new History();
        for (const roll of rolls) {
          const dice = new Dice(roll);
          history.goesOn(dice, dice.chance(75) ? 0 : dice.roll(12));
        }
        history.isSound();
        const standing = standingEvents(history.ledger.events);
        isAttributed(standing);
        isInOneOrder(standing);
        // Every other history is enough: it takes half as long as the rest.
        if (rolls.length % 2 === 0) {
          const { events } = history.ledger;
          const some = new Dice(rolls[0] ?? []);
          isTraced(events, { at: some.pick(events).time, known: some.pick(events).sequence });
        }
        for (const { type } of history.ledger.events) add(taken, type);
        for (const code of history.refused) add(refused, code);
      }),
      // To make a counterexample small takes minutes: the seed and the path find it again.
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  it.each([1_000, 1_024, 5_003])(
    'whatever happens to a unit happens to a range of %i in the same way, also where one of them is named by itself',
    (times) => {
      fc.assert(
        fc.property(steps, (rolls) => {
          const enlarged = new Enlarged(times);
          const history = new History((command, now, decision) => {
            enlarged.happens(command, now, decision);
          });
          for (const roll of rolls) {
            const dice = new Dice(roll);
            history.goesOn(dice, dice.chance(75) ? 0 : dice.roll(12));
          }
          enlarged.agrees(history.ledger);
        }),
        { numRuns: Math.ceil(RUNS / 15), seed: seed + times },
      );
    },
  );

  it('random histories include every type of event, facts that are taken back among them, and refusals of such and of late facts', () => {
    const never = eventTypes.filter((type) => (taken.get(type) ?? 0) < RUNS / 100);
    expect(never).toEqual([]);
    expect(refused.get('not-supported')).toBeGreaterThan(0);
    expect(refused.get('overtaken')).toBeGreaterThan(0);
  });
});

afterAll(() => {
  const all = (tally: Map<string, number>) => [...tally.values()].reduce((sum, n) => sum + n, 0);
  process.stdout.write(`invariants of the ledger: ${all(taken)} events taken, ${all(refused)} refused\n`);
  if (process.env.LADING_RUNS !== undefined) {
    process.stdout.write(
      `${JSON.stringify({ taken: Object.fromEntries(taken), refused: Object.fromEntries(refused) }, null, 1)}\n`,
    );
  }
});
