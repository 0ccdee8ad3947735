import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { FlagChange } from '#contracts/flagRows';
import { Signal } from '#platform/database/signal';
import { unavailable } from '#platform/http/problemError';
import { POOL } from '#platform/service/tokens';
import { Turns } from '#platform/service/turns';
import { flagsSince, type SeenFlags, seeFlags } from '#projections/flags/changes';
import { dayOf, type ReadModel, withReadModels } from '#projections/reading/readModel';
import { noReadModels } from '../asking/problems.ts';
import { Signals } from '../asking/signals.ts';

/** A watch looks for a sixth of the time, however fast events come and however many flags there are. */
const PAUSES_A_LOOK = 5;
const LEAST_PAUSE_MS = 100;
const AFTER_TROUBLE_MS = 1_000;
/** How often somebody looks at the clock, and not at the database: timers stand still while a machine sleeps. */
const CLOCK_MS = 60_000;
const DAY_MS = 86_400_000;
/** Messages that wait for a client that takes none. Streams share them. */
const MOST_WAITING = 50_000;

/**
 * Finds out which flags are raised and cleared, for the streams that tell it. Streams of one ledger, for keys that see the same, have
 * one watch: it looks when events were applied, and when a day is over.
 */
@Injectable()
export class FlagWatches {
  readonly #watches = new Map<string, Watch>();
  #looks: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly signals: Signals,
    @Optional() private readonly clock: Clock = () => new Date(),
  ) {}

  /** Flags as `party` sees them; undefined: whoever sees all. What changes after the promise is kept will be told. */
  async follow(ledger: string, party: string | undefined): Promise<FlagsFollowed> {
    const name = JSON.stringify([ledger, party]);
    const known = this.#watches.get(name);
    const watch =
      known ??
      new Watch({
        ...{ ledger, signals: this.signals, clock: this.clock },
        look: (read) => this.#look(() => withReadModels(this.pool, ledger, read, { occurred: this.clock() }, party)),
        onEnd: () => this.#watches.delete(name),
      });
    this.#watches.set(name, watch);
    return watch.join();
  }

  /** One look at a time: the other connections are for questions. */
  async #look<T>(read: () => Promise<T>): Promise<T> {
    const look = this.#looks.then(read);
    this.#looks = look.catch(() => undefined);
    return look;
  }
}

type Clock = () => Date;

interface Watching {
  readonly ledger: string;
  readonly clock: Clock;
  readonly signals: Signals;
  readonly look: <T>(read: (model: ReadModel) => Promise<T>) => Promise<T>;
  readonly onEnd: () => void;
}

/** Looks at the flags of one ledger, for everybody who may see the same, for as long as there is anybody. */
class Watch {
  readonly #logger = new Logger('FlagWatch');
  readonly #following = new Set<FlagsFollowed>();
  readonly #stop = new AbortController();
  readonly #began: Promise<SeenFlags>;

  constructor(private readonly watching: Watching) {
    this.#began = watching.look((model) => seeFlags(model));
    this.#began.then(
      (seen) => this.#goOn(seen),
      () => {
        this.#end();
      },
    );
  }

  async join(): Promise<FlagsFollowed> {
    const followed = new FlagsFollowed(() => {
      this.#following.delete(followed);
      if (this.#following.size === 0) this.#end();
    });
    this.#following.add(followed);
    try {
      await this.#began;
      return followed;
    } catch (error) {
      followed.end();
      throw noReadModels(error) ?? error;
    }
  }

  #end(): void {
    if (this.#stop.signal.aborted) return;
    this.watching.onEnd();
    this.#stop.abort();
  }

  async #goOn(began: SeenFlags): Promise<void> {
    const { ledger, signals, clock } = this.watching;
    const stop = this.#stop.signal;
    const isEnded = () => stop.aborted;
    await signals.during(ledger, 'applied', async (applied) => {
      // What was applied between the first look and now was not signalled.
      applied.set();
      for (let seen = began; !isEnded(); ) {
        const isNew = await applied.wait(stop, untilOver(seen.day, clock()));
        if (isEnded() || (!isNew && dayOf(clock()) === seen.day)) continue;
        const looked = performance.now();
        try {
          seen = await this.#lookAgain(seen);
          await pause(Math.max(LEAST_PAUSE_MS, (performance.now() - looked) * PAUSES_A_LOOK), stop);
        } catch (error) {
          this.#logger.warn({ ledger, err: error }, 'the flags cannot be looked at: trying again');
          applied.set();
          await pause(AFTER_TROUBLE_MS, stop);
        }
      }
    });
  }

  async #lookAgain(before: SeenFlags): Promise<SeenFlags> {
    const { seen, changes } = await this.watching.look((model) => flagsSince(model, before));
    const messages: Buffer[] = [];
    const turns = new Turns();
    for (const change of changes) {
      messages.push(messageOf(change));
      if (turns.over) await turns.next();
    }
    if (messages.length > 0) for (const followed of this.#following) followed.tell(messages);
    return seen;
  }
}

/** Without an id: a stream that is resumed goes on after an event. */
const messageOf = (change: FlagChange): Buffer => Buffer.from(`event: flag\ndata: ${JSON.stringify(change)}\n\n`);

/** The changes of flags that one stream has to tell. */
export class FlagsFollowed {
  readonly #signal = new Signal();
  #waiting: Buffer[] = [];
  #isLeft = false;

  constructor(readonly end: () => void) {}

  tell(messages: readonly Buffer[]): void {
    if (this.#waiting.length + messages.length > MOST_WAITING) this.#isLeft = true;
    else for (const message of messages) this.#waiting.push(message);
    this.#signal.set();
  }

  /** @throws the 503 of a client that takes so little that too much waits for it */
  async *messages(stop: AbortSignal): AsyncGenerator<Buffer> {
    while (!stop.aborted) {
      await this.#signal.wait(stop);
      if (this.#isLeft) throw unavailable('too many flags wait for this stream: open it again, and ask for all flags');
      const messages = this.#waiting;
      this.#waiting = [];
      if (messages.length > 0) yield Buffer.concat(messages);
    }
  }
}

/** How long to wait for the end of a day, which may be over already. */
const untilOver = (day: string, now: Date): number =>
  Math.min(CLOCK_MS, Math.max(0, Date.parse(day) + DAY_MS - now.getTime()));

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
