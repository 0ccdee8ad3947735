import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { eventTypes } from '#contracts/catalog';
import { eventText, type LedgerEvent } from '#contracts/cloudEvent';
import type { Command } from '#ledger/command';
import type { EntityKey } from '#ledger/entity';
import { touched } from '#ledger/evolve';
import { nameOf, namesWhatBegan } from '#ledger/voiding/naming';
import { Dice, happens } from '#test/ledger/happenings';
import { History, same } from '#test/ledger/history';
import { areTheSame, tellRight, type Told, tookTheSame } from '#test/ledger/toldRight';
import { isAsIfNeverTold, takeBackWithAll, wouldBeTakenAgain } from '#test/ledger/takenBack';
import { seed } from '#test/setup/seed';

const RUNS = Number(process.env.LADING_RUNS ?? 30);
const steps = fc.noBias(
  fc.array(fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 }), { minLength: 10, maxLength: 50 }),
);
const taken = new Map<string, number>();

/** A random history, with what was told, by the sequence of what came of it. */
function remembered(rolls: readonly (readonly number[])[]): { history: History; told: Map<number, Told> } {
  const told = new Map<number, Told>();
  const history: History = new History((command, now, decision) => {
    if (decision.ok) told.set(told.size + 1, { command, now });
  });
  for (const roll of rolls) {
    const dice = new Dice(roll);
    history.happens(happens(dice, history.model), dice.chance(75) ? 0 : dice.roll(12));
  }
  return { history, told };
}

describe('a fact that is taken back', () => {
  // The second one has a receipt of no units, which names the owner that a swap made.
  it.each([seed, 1_946_566_586])(
    'whatever is taken back with what its refusal names, in that order, leaves the ledger as if it had never been told (seed %i)',
    (seed) => {
      fc.assert(
        fc.property(steps, fc.array(fc.nat(9_999), { minLength: 3, maxLength: 3 }), (rolls, which) => {
          const { history, told } = remembered(rolls);
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
      if (process.env.LADING_RUNS !== undefined) process.stdout.write(`${JSON.stringify(Object.fromEntries(taken))}\n`);
      expect(taken.size).toBeGreaterThan(10);
    },
  );

  it('what names an order or a shipment of which it moves nothing is among the events in which the journal looks for names', () => {
    let found = 0;
    fc.assert(
      fc.property(steps, (rolls) => {
        const { events } = remembered(rolls).history.ledger;
        for (const began of events) {
          const name = nameOf(began);
          if (name?.types === undefined) continue;
          const isBeside = (later: LedgerEvent) => !touched(later).includes(`${name.what}/${name.id}` as EntityKey);
          for (const later of events.filter(namesWhatBegan(began)!).filter(isBeside)) {
            found += 1;
            // As in the index `events_that_may_name`.
            if (later.type !== 'lading.swap.proposed.v1') expect(eventText(later)).toMatch(/"from":\[|"substitutes"/);
          }
        }
      }),
      { numRuns: RUNS, seed, endOnFailure: true },
    );
    expect(found).toBeGreaterThan(0);
  });

  it('void, then record it right: with what stood on it told again, it is as if it had been right the first time, at every moment', () => {
    const right = new Map<string, number>();
    const ways = new Map<string, number>();
    const add = (tally: Map<string, number>, key: string) => tally.set(key, (tally.get(key) ?? 0) + 1);
    fc.assert(
      fc.property(steps, fc.array(fc.nat(9_999), { minLength: 4, maxLength: 4 }), (rolls, which) => {
        const { history, told } = remembered(rolls);
        const { events } = history.ledger;
        const now = new Date(history.model.now.getTime() + 1_000);
        for (const one of which) {
          // What was told right least often so far, so that every type is.
          const { sequence, type } = events
            .slice(1)
            .map((event, at) => ({ ...event, chance: (right.get(event.type) ?? 0) * 1_000 + ((at * 389 + one) % 997) }))
            .sort((a, b) => a.chance - b.chance)[0]!;
          const fact = { sequence, right: otherwise(told.get(sequence)!.command, one), now };
          let both = tellRight(events, told, fact);
          let way = 'with what stood on it';
          // What is judged by today's books, or chooses units by itself: all that came later is told again, in its order.
          if (!('first' in both) ? both.refused === 'again' : !tookTheSame(both)) {
            both = tellRight(events, told, { ...fact, all: true });
            way = 'with all that came later';
          }
          if ('first' in both && !tookTheSame(both) && hasHoldsThatAreOver(events, now)) {
            add(ways, 'what was held then is free by now');
          } else if ('first' in both) {
            same('whatever chose units chose the same ones', tookTheSame(both), true, fact);
            areTheSame(both, now);
            add(right, type);
            add(ways, way);
          } else {
            add(ways, `${both.refused} ${both.code}`);
            // What is over by the ledger's clock is not told again as if it were not.
            if (both.refused === 'again') expect(['over by now', 'swap-expired']).toContain(both.code);
          }
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    if (process.env.LADING_RUNS !== undefined)
      process.stdout.write(`${JSON.stringify([Object.fromEntries(right), Object.fromEntries(ways)])}\n`);
    expect(right.size).toBeGreaterThan(eventTypes.length / 2);
  });
});

/** What is over by the ledger's clock held units back then, and holds none now. */
const hasHoldsThatAreOver = (events: readonly LedgerEvent[], now: Date): boolean =>
  events.some(({ type, data }) => type === 'lading.units.held.v1' && Date.parse(data.until) <= now.getTime());

/** Another number of units in the data, where there is one; else the same with a note. */
function otherwise(command: Command, chance: number): Command {
  const data = structuredClone(command.data) as unknown as Record<string, unknown>;
  const counts: (() => void)[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const object = value as Record<string, unknown>;
    for (const [name, said] of Object.entries(object)) {
      if (typeof said === 'number' && ['quantity', 'received', 'observed'].includes(name))
        counts.push(() => (object[name] = Math.max(1, said + (chance % 2 === 0 ? 1 : -1))));
      else look(said);
    }
  };
  look(data);
  if (counts.length > 0 && chance % 3 > 0) counts[chance % counts.length]!();
  else data.note = 'as it was';
  return { ...command, data } as unknown as Command;
}
