import { afterAll, beforeAll, expect, it } from 'vitest';
import { catalog } from '#contracts/catalog';
import { type LedgerEvent, movesOf, parseEvent } from '#contracts/cloudEvent';
import type { Beside, Command } from '#ledger/command';
import { decide } from '#ledger/decide';
import type { Decision } from '#ledger/decision';
import { Sandbox } from '#ledger/sandbox';
import { submission } from '#test/journal/submissions';
import { random } from '#test/journal/story';
import { TestJournals } from '#test/journal/testJournal';
import { eachUnit } from '#test/ledger/eachUnit';
import { cast } from '#test/ledger/facts';
import { Dice } from '#test/ledger/happenings';
import { History, same } from '#test/ledger/history';
import { seed } from '#test/setup/seed';
import type { Journal } from './journal.ts';
import { readEvents } from './reader.ts';
import type { AtomicOutcome, Outcome, Submission } from './submission.ts';

const HISTORIES = Number(process.env.LADING_HISTORIES ?? 4);
/** Later than the clock of the database: so a ledger's time is what this test says that it was last. */
const BEGIN = Date.parse('2040-01-01T00:00:00Z');

/** With the opening. */
const CAST = cast.length;

let journals: TestJournals;
beforeAll(async () => {
  journals = await TestJournals.start();
});
afterAll(() => journals.end());

/** A ledger of the journal and one in memory, to which the same is told at the same moments. */
class Both {
  private constructor(
    private readonly book: string,
    private readonly dice: () => number,
    private memory: Sandbox,
    private journal: Journal,
  ) {}

  static async open(book: string, dice: () => number): Promise<Both> {
    const journal = journals.make();
    await journal.open(book, { name: 'The book', keeper: 'nvidia' }, 'admin');
    const memory = new Sandbox({ ledger: book, actor: 'tester' });
    const both = new Both(book, dice, memory, journal);
    for (const { bytes } of await both.#events()) memory.apply(parseEvent(bytes));
    return both;
  }

  /** Tells jobs at once: a command, or commands that are all recorded or none. Answers which were recorded. */
  async tell(jobs: readonly (Command | readonly Command[])[], now: Date): Promise<boolean[]> {
    await journals.pool.query('UPDATE journal.ledgers SET recorded = $2 WHERE ledger = $1', [this.book, now]);
    const asked = jobs.map((job) => {
      const submissions = [job].flat().map((command) => this.#sent(command));
      const isOne = !Array.isArray(job);
      return { submissions, isOne, wanted: this.#decided(submissions, isOne, now) };
    });
    const outcomes = await Promise.all(
      asked.map(({ submissions, isOne }) =>
        isOne ? this.journal.submit(this.book, submissions[0]!) : this.journal.submitAtomic(this.book, submissions),
      ),
    );
    return outcomes.map((outcome, at) => {
      const { wanted, submissions } = asked[at]!;
      const said = outcome.status === 'failed' ? [outcome.index, whyNot(outcome.outcome)] : whyNot(outcome);
      same(
        'an outcome',
        said,
        wanted,
        submissions.map(({ event }) => event),
      );
      return outcome.status === 'recorded';
    });
  }

  /** What memory makes of a job: why it is refused. */
  #decided(submissions: readonly Submission[], isOne: boolean, now: Date): unknown {
    if (isOne) return whyRefused(decided(this.memory, submissions[0]!.event, now));
    const ahead = new Sandbox({ ledger: this.book, actor: 'tester' });
    for (const event of this.memory.events) ahead.apply(event);
    const events = submissions.map(({ event }) => event);
    for (const [index, event] of events.entries()) {
      const beside = { has: () => false, takenBack: takenBackAround(events, index) };
      const decision = decided(ahead, event, now, beside);
      if (!decision.ok) return [index, whyRefused(decision)];
    }
    this.memory = ahead;
    return undefined;
  }

  /** Takes one of the last facts back, with what its refusal names; also in another order, and not with all. */
  async takesBack(now: Date): Promise<void> {
    const last = this.memory.events.length;
    // Without parties and items a story would soon be over.
    if (last <= CAST) return;
    const sequence = last - (this.dice() % Math.min(last - CAST, 40));
    const fact = voiding(sequence);
    const refusal = decide(this.#sent(fact).event, this.memory, now);
    await this.tell([fact], now);
    if (refusal.ok || refusal.code !== 'depends-on-it') return;
    const named = (refusal.facts.dependants as { sequence: number }[]).map((one) => voiding(one.sequence));
    const [from, other] = [this.dice() % named.length, this.dice() % named.length];
    const swapped = named.with(from, named[other]!).with(other, named[from]!);
    const less = named.toSpliced(from, 1);
    const first = [[...swapped, fact], [...less, fact], fact].slice(this.dice() % 4);
    const isBack = await this.tell([...first, [...named, fact]], now);
    same('what a refusal names is taken back with it', isBack.includes(true), true, { fact, named });
  }

  /** As after a start: nothing is in the memory of the process. */
  startsAgain(): void {
    this.journal = journals.make();
  }

  async isTheSame(): Promise<void> {
    const kept = (await this.#events()).map(({ bytes }) => parseEvent(bytes));
    for (const [at, event] of kept.entries()) same('an event', told(event), told(this.memory.events[at]!));
    same('how many there are', kept.length, this.memory.events.length);
    const { rows } = await journals.pool.query<{ unit: string }>(
      `SELECT item || ' ' || prefix || lpad(number::text, digits, '0') || ' ' || account AS unit
         FROM journal.units CROSS JOIN LATERAL generate_series(first, last) AS number WHERE ledger = $1`,
      [this.book],
    );
    const units = eachUnit(this.memory.index.all()).map(({ item, serial, account }) => `${item} ${serial} ${account}`);
    same('where units are', rows.map(({ unit }) => unit).sort(), units.sort());
  }

  get moves(): number {
    return this.memory.events.flatMap((event) => [...movesOf(event)]).length;
  }

  #events(): ReturnType<typeof readEvents> {
    return readEvents(journals.pool, this.book, 0, 10_000);
  }

  /** As the contract leaves it. What takes an event back says when that was. */
  #sent({ type, data, time }: Command): Submission {
    const then = type === 'lading.event.voided.v1' ? this.memory.events[data.sequence - 1]?.time : undefined;
    return submission(type, data, { time: then ?? time });
  }
}

const voiding = (sequence: number): Command => ({
  source: 'urn:test',
  type: 'lading.event.voided.v1',
  data: { sequence, reason: 'did_not_occur' },
  time: new Date(BEGIN).toISOString(),
});

/** Takes in an event as the journal does. */
function decided(memory: Sandbox, event: Submission['event'], now: Date, beside?: Beside): Decision {
  const command = { ...event, beside } as Command;
  const decision = decide(command, memory, now);
  // The journal tells microseconds.
  const recordedtime = now.toISOString().replace('Z', '000Z');
  if (decision.ok) memory.apply({ ...memory.eventOf(command, decision.data, now), id: event.id, recordedtime });
  return decision;
}

/** What is taken back by an event of a list and by those right before and after it. */
function takenBackAround(list: readonly Submission['event'][], at: number): number[] {
  const isOther = ({ type }: Submission['event']): boolean => type !== 'lading.event.voided.v1';
  const after = list.findIndex((event, index) => index > at && isOther(event));
  const before = list.findLastIndex((event, index) => index <= at && isOther(event));
  return list
    .slice(before + 1, after === -1 ? undefined : after)
    .flatMap(({ type, data }) => (type === 'lading.event.voided.v1' ? [data.sequence] : []));
}

const told = ({ type, id, time, sequence, recordedtime, data }: LedgerEvent): unknown[] => [
  type,
  id,
  time,
  sequence,
  recordedtime,
  data,
];

/** Undefined when it is recorded. */
const whyNot = (outcome: Outcome | AtomicOutcome): unknown => {
  if (outcome.status === 'recorded') return undefined;
  return outcome.status === 'rejected' ? outcome.rejection : outcome;
};
const whyRefused = (decision: Decision): unknown => (decision.ok ? undefined : decision);

it('the journal decides as a ledger in memory does: alone, in batches, all or nothing, and after a start', async () => {
  let moves = 0;
  for (let n = 0; n < HISTORIES; n++) {
    const roll = random(seed + n);
    const dice = (): number => roll(10_000);
    const story: { command: Command; now: Date }[] = [];
    const history = new History((command, now) => {
      // A ledger is opened by another way, and what the contract does not take never comes here.
      const { type, data } = command;
      if (type !== 'lading.ledger.opened.v1' && catalog[type].submitted.safeParse(data).success)
        story.push({ command, now });
    }, BEGIN);
    for (let step = 0; step < 160; step++) {
      const some = new Dice(Array.from({ length: 20 }, dice));
      history.goesOn(some, some.chance(75) ? 0 : some.roll(12));
    }
    const both = await Both.open(`both-${seed}-${n}`, dice);
    try {
      for (let at = 0; at < story.length; ) {
        const size = dice() % 3 === 0 ? 1 + (dice() % 12) : 1;
        const some = story.slice(at, at + size);
        const { now } = some.at(-1)!;
        const commands = some.map(({ command }) => command);
        await both.tell(dice() % 4 === 0 ? [commands, ...commands] : commands, now);
        if (dice() % 12 === 0) await both.takesBack(now);
        if (dice() % 10 === 0) both.startsAgain();
        at += size;
      }
      await both.isTheSame();
    } catch (error) {
      throw new Error(`LADING_SEED=${seed + n} LADING_HISTORIES=1`, { cause: error });
    }
    moves += both.moves;
  }
  expect(moves).toBeGreaterThan(HISTORIES * 15);
});
