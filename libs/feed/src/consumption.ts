import { type Applied, type FeedEvent, type Hint, type ParkedLedger, type Sink } from './feed.ts';
import { type FeedLog, type FeedObserver, silent } from './observer.ts';
import { type Backoff, defaultBackoff, delayAfter, pause, reasonOf } from './retry.ts';
import { lengthInOrder, MAX_ATOMIC, wholeRun } from './wholeRun.ts';

/** Reads events of one ledger with a sequence above `after`, in order; fewer than `limit` or none when there are no more. */
export type Fill = (ledger: string, after: number, limit: number) => Promise<readonly FeedEvent[]>;

export interface ConsumptionOptions {
  /** From where holes are filled. Without it a hole that seeking back does not close parks the ledger. */
  readonly fill?: Fill | undefined;
  readonly observer?: FeedObserver | undefined;
  readonly log?: FeedLog | undefined;
  readonly backoff?: Backoff | undefined;
  /** Events in one `Sink.apply`, at most. */
  readonly batch?: number | undefined;
  /** Milliseconds until a ledger that is parked at a hole is tried to be filled again. */
  readonly fillAgainAfter?: number | undefined;
}

export interface Circumstances {
  /** Handed to the sink with what is applied. */
  readonly hint?: Hint | undefined;
  /** False as soon as somebody else may have taken over: nothing more is applied then. */
  readonly alive?: (() => boolean) | undefined;
  /** Whether the adapter can go back to where its source begins, and has not just come from there. */
  readonly canSeekBack?: boolean | undefined;
}

export type Taken =
  /** Everything is applied, or was. */
  | 'done'
  /** All but the last of them, which belong to an atomic batch whose rest has not come yet: they are kept here until it does. */
  | 'held'
  /** There is a hole: read again from the start of the source. Asked for once a hole. */
  | 'seek-back'
  /** The ledger is parked: what was not applied stays so, and the other ledgers go on. */
  | 'stopped'
  /** No longer alive, or the feed stops: read again later. */
  | 'abandoned';

interface Parked extends ParkedLedger {
  readonly since: number;
}

/**
 * What every consumer checks the same way, whichever way its events come: what was applied is skipped, a hole stops its
 * ledger loudly until it is filled. The positions here are a copy, to be quick; the sink's own, under its lock, decide.
 */
export class Consumption {
  readonly #sink: Sink;
  readonly #options: ConsumptionOptions;
  readonly #signal: AbortSignal;
  readonly #log: FeedLog;
  readonly #heads = new Map<string, { sequence: number; told: number }>();
  readonly #soughtBack = new Map<string, number>();
  /** The event behind the last hole that was told of. */
  readonly #toldOf = new Map<string, number>();
  readonly #parked = new Map<string, Parked>();
  readonly #failing = new Map<string, string>();
  /** The beginnings of atomic batches whose rest has not come yet. */
  readonly #held = new Map<string, readonly FeedEvent[]>();
  #positions = new Map<string, number>();

  constructor(sink: Sink, signal: AbortSignal, options: ConsumptionOptions = {}) {
    this.#sink = sink;
    this.#signal = signal;
    this.#options = options;
    this.#log = options.log ?? silent;
  }

  /** Reads the positions; at the start, and whenever somebody else may have moved them. Parked ledgers are tried again. */
  async load(): Promise<void> {
    this.#positions = new Map(await this.#sink.positions());
    for (const ledger of this.#parked.keys()) this.#options.observer?.unparked?.(ledger);
    this.#parked.clear();
    this.#soughtBack.clear();
    this.#held.clear();
  }

  /** The last sequence applied; 0 when none is. */
  position(ledger: string): number {
    return this.#positions.get(ledger) ?? 0;
  }

  get parked(): readonly ParkedLedger[] {
    return [...this.#parked.values()].map(({ since: _, ...parked }) => parked);
  }

  /** What is failing and tried again at the moment, in words. */
  get failing(): string | undefined {
    return this.#failing.values().next().value;
  }

  /** The source is known to hold events up to `sequence`. */
  async head(ledger: string, sequence: number): Promise<void> {
    const known = this.#heads.get(ledger) ?? { sequence: 0, told: 0 };
    this.#heads.set(ledger, known);
    known.sequence = Math.max(known.sequence, sequence);
    const now = Date.now();
    if (now - known.told < 1_000 || this.#sink.head === undefined) return;
    known.told = now;
    await this.#sink.head(ledger, known.sequence, new Date(now)).catch((error: unknown) => {
      this.#log.warn({ ledger, err: error }, 'the lag could not be stored');
    });
  }

  /** Applies what is new of one ledger's events, which are in ascending order. Waits and tries again while the sink fails. */
  async take(ledger: string, events: readonly FeedEvent[], circumstances: Circumstances = {}): Promise<Taken> {
    const alive = () => !this.#signal.aborted && (circumstances.alive?.() ?? true);
    const first = this.position(ledger);
    const skipped = events.filter(({ sequence }) => sequence <= first).length;
    if (skipped > 0) this.skipped(ledger, skipped);

    const all = this.#withHeld(ledger, events);
    for (;;) {
      if (!alive()) return 'abandoned';
      const at = this.position(ledger);
      const fresh = all.filter(({ sequence }) => sequence > at);
      this.#held.delete(ledger);
      if (fresh.length === 0) return 'done';

      const run = await this.#nextRun(ledger, at, fresh, circumstances);
      if (typeof run === 'string') return run;
      const applied = await this.#apply(ledger, run, circumstances.hint, alive);
      if (applied === undefined) return 'abandoned';
      if (!this.#note(ledger, run, applied)) return 'stopped';
    }
  }

  /** What can be applied next, whole; or why there is nothing. */
  async #nextRun(
    ledger: string,
    at: number,
    fresh: readonly FeedEvent[],
    circumstances: Circumstances,
  ): Promise<readonly FeedEvent[] | 'held' | 'seek-back' | 'stopped'> {
    const first = fresh[0]?.sequence ?? 0;
    if (!this.#mayGoOn(ledger, first)) return 'stopped';
    const follows = first === at + 1;
    const run = follows ? wholeRun(fresh, this.#batch) : [];
    if (run.length > 0) return run;

    const behindHole = follows ? fresh.slice(lengthInOrder(fresh)) : fresh;
    const got = behindHole[0]?.sequence;
    if (got === undefined) {
      this.#held.set(ledger, fresh);
      return 'held';
    }
    const missing = await this.#missing(ledger, at, got, circumstances);
    if (missing === undefined) return 'stopped';
    if (missing === 'seek-back') return missing;
    const filled = wholeRun([...missing, ...behindHole], this.#batch);
    return filled.length > 0 ? filled : 'stopped';
  }

  /** What was held back, and these events after it; what comes again is taken from these. */
  #withHeld(ledger: string, events: readonly FeedEvent[]): readonly FeedEvent[] {
    const held = this.#held.get(ledger);
    const first = events[0]?.sequence;
    if (held === undefined || first === undefined) return events;
    return [...held.filter(({ sequence }) => sequence < first), ...events];
  }

  /** Counts events that were not even looked into, because they are applied already. */
  skipped(ledger: string, events: number): void {
    this.#options.observer?.skipped?.(ledger, events);
  }

  get #batch(): number {
    return this.#options.batch ?? 1_000;
  }

  /** A parked ledger goes on when what it waits for comes, or when it is time to look into the journal again. */
  #mayGoOn(ledger: string, got: number): boolean {
    const parked = this.#parked.get(ledger);
    if (parked === undefined) return true;
    if (parked.state === 'parked') return false;
    const again = this.#options.fillAgainAfter ?? 10_000;
    return got === parked.sequence + 1 || (this.#options.fill !== undefined && Date.now() - parked.since >= again);
  }

  /** The events between `at` and `got` that did not come: from further back in the source, else from the journal. */
  async #missing(ledger: string, at: number, got: number, { canSeekBack }: Circumstances) {
    const wasParked = this.#parked.has(ledger);
    // Filled in several batches, and met again after seeking back, it is still the same hole.
    if (this.#toldOf.get(ledger) !== got) {
      this.#toldOf.set(ledger, got);
      this.#log.error(
        { ledger, applied: at, got },
        `a hole: events ${at + 1} to ${got - 1} of ledger ${ledger} did not come`,
      );
      this.#options.observer?.hole?.(ledger, at, got);
    }
    if (canSeekBack === true && !wasParked && this.#soughtBack.get(ledger) !== at) {
      this.#soughtBack.set(ledger, at);
      return 'seek-back';
    }
    const filled = await this.#fill(ledger, at, got);
    if (filled.length > 0) {
      this.#log.info({ ledger, from: at + 1, events: filled.length }, 'filling the hole from the journal');
      return filled;
    }
    const reason = `events ${at + 1} to ${got - 1} did not come, and ${got} did`;
    await this.#persist(
      ledger,
      () => this.#sink.stopAtHole(ledger, at, got),
      () => true,
    );
    this.#park(ledger, 'hole', at, reason);
    return undefined;
  }

  async #fill(ledger: string, at: number, got: number): Promise<readonly FeedEvent[]> {
    if (this.#options.fill === undefined) return [];
    try {
      const most = Math.min(Math.max(this.#batch, MAX_ATOMIC), got - at - 1);
      const filled: FeedEvent[] = [];
      while (filled.length < most) {
        const last = at + filled.length;
        const next = await this.#options.fill(ledger, last, most - filled.length);
        if (next[0]?.sequence !== last + 1) break;
        filled.push(...next.slice(0, lengthInOrder(next)));
      }
      return filled;
    } catch (error) {
      this.#log.error({ ledger, err: error }, 'the journal could not be read to fill a hole');
      return [];
    }
  }

  #apply(ledger: string, run: readonly FeedEvent[], hint: Hint | undefined, alive: () => boolean) {
    return this.#persist(ledger, () => this.#sink.apply(ledger, run, hint), alive);
  }

  /** @returns false when the ledger is parked now */
  #note(ledger: string, run: readonly FeedEvent[], applied: Applied): boolean {
    const before = this.position(ledger);
    const [first, last] = [run[0]?.sequence ?? 0, run.at(-1)?.sequence ?? 0];
    this.#positions.set(ledger, applied.sequence);
    if (applied.outcome === 'parked') {
      this.#park(ledger, 'parked', applied.sequence, applied.reason);
      return false;
    }
    // Without this, a sink that answers nonsense would be asked for ever.
    if (applied.outcome === 'hole' ? applied.sequence >= first - 1 : applied.sequence < last)
      throw new Error(
        `the sink of ledger ${ledger} was given ${first} to ${last} and answered ${applied.outcome} at ${applied.sequence}`,
      );
    if (applied.outcome === 'hole') return true;
    this.#unpark(ledger);
    this.#soughtBack.delete(ledger);
    this.#options.observer?.applied?.(ledger, Math.max(0, applied.sequence - before), applied.sequence);
    this.#tellLag(ledger, run);
    return true;
  }

  #tellLag(ledger: string, run: readonly FeedEvent[]): void {
    const behind = Math.max(0, (this.#heads.get(ledger)?.sequence ?? 0) - this.position(ledger));
    const recorded = Date.parse(run.at(-1)?.event.recordedtime ?? '');
    const seconds = behind === 0 || Number.isNaN(recorded) ? 0 : Math.max(0, (Date.now() - recorded) / 1_000);
    this.#options.observer?.lag?.(ledger, behind, seconds);
  }

  #park(ledger: string, state: 'hole' | 'parked', sequence: number, reason: string): void {
    if (!this.#parked.has(ledger)) this.#options.observer?.parked?.(ledger);
    this.#parked.set(ledger, { ledger, state, sequence, reason, since: Date.now() });
    this.#log.error({ ledger, sequence, state }, `ledger ${ledger} stands still at ${sequence}: ${reason}`);
  }

  #unpark(ledger: string): void {
    if (!this.#parked.delete(ledger)) return;
    this.#options.observer?.unparked?.(ledger);
    this.#log.info({ ledger }, `ledger ${ledger} goes on`);
  }

  /** Does `work` until it succeeds. Undefined when it is pointless to try once more. */
  async #persist<T>(ledger: string, work: () => Promise<T>, alive: () => boolean): Promise<T | undefined> {
    for (let failures = 1; alive() && !this.#signal.aborted; failures += 1) {
      try {
        const done = await work();
        this.#failing.delete(ledger);
        return done;
      } catch (error) {
        const delay = delayAfter(failures, this.#options.backoff ?? defaultBackoff);
        this.#failing.set(ledger, `ledger ${ledger}: ${reasonOf(error)}`);
        this.#log.warn({ ledger, failures, err: error }, `trying again in ${Math.round(delay)} ms: ${reasonOf(error)}`);
        this.#options.observer?.retried?.(error);
        await pause(delay, this.#signal);
      }
    }
    this.#failing.delete(ledger);
    return undefined;
  }
}
