import type { Applied, Hint, ParkedLedger, Sink } from './feed.ts';
import { type FeedEvent, lengthInOrder } from './feedEvent.ts';
import { type Fill, LedgerProgress } from './ledgerProgress.ts';
import { type FeedLog, type FeedObserver, silent } from './observer.ts';
import { isPassing, reasonFrom } from './poison.ts';
import { type Backoff, persist, reasonOf } from './runner.ts';

export interface ConsumptionOptions {
  /** From where holes are filled. Without it, a hole that seeking back does not close parks the ledger. */
  readonly fill?: Fill | undefined;
  readonly observer?: FeedObserver | undefined;
  readonly log?: FeedLog | undefined;
  readonly backoff?: Backoff | undefined;
  /** Events in one `Sink.apply`, at most. */
  readonly batch?: number | undefined;
  /** Milliseconds until filling the hole of a ledger is tried again. */
  readonly fillAgainAfter?: number | undefined;
  /** Milliseconds until the event that parked a ledger is tried again for the first time. */
  readonly tryAgainAfter?: number | undefined;
}

interface Circumstances {
  /** Handed to the sink with what is applied. */
  readonly hint?: Hint | undefined;
  /** False as soon as somebody else may have taken over: nothing more is applied then. */
  readonly alive?: (() => boolean) | undefined;
  /** Whether the adapter can go back to where its source begins, and has not just come from there. */
  readonly canSeekBack?: boolean | undefined;
}

type TakeResult =
  /** All of the events are applied. */
  | 'done'
  /** The last of the events belong to an atomic batch whose rest has not come yet: they are kept until it does. */
  | 'held'
  /** There is a hole: read again from the start of the source. Asked for once for each hole. */
  | 'seek-back'
  /** The ledger is parked: events that were not applied stay so, and the other ledgers go on. */
  | 'stopped'
  /** No longer alive, or the feed stops: read these events again later. */
  | 'abandoned';

/**
 * What every feed checks in the same way, whatever its source: events that were applied are skipped, and a hole stops its ledger,
 * with an error in the log, until it is filled.
 */
export class Consumption {
  readonly #sink: Sink;
  readonly #options: ConsumptionOptions;
  readonly #stop: AbortSignal;
  readonly #log: FeedLog;
  readonly #batch: number;
  readonly #ledgers = new Map<string, LedgerProgress>();

  constructor(sink: Sink, stop: AbortSignal, options: ConsumptionOptions = {}) {
    this.#sink = sink;
    this.#stop = stop;
    this.#options = options;
    this.#log = options.log ?? silent;
    this.#batch = options.batch ?? 1_000;
  }

  /** Reads the positions; at the start, and whenever somebody else may have moved them. Parked ledgers are tried again. */
  async load(): Promise<void> {
    const positions = await this.#sink.positions();
    for (const ledger of positions.keys()) this.#of(ledger);
    for (const one of this.#ledgers.values()) {
      one.position = positions.get(one.ledger) ?? 0;
      one.parked = undefined;
      one.soughtBackFrom = undefined;
      one.held = [];
    }
  }

  /** The last sequence applied; 0 when none is. */
  position(ledger: string): number {
    return this.#ledgers.get(ledger)?.position ?? 0;
  }

  positions(): ReadonlyMap<string, number> {
    return new Map([...this.#ledgers.values()].map(({ ledger, position }) => [ledger, position]));
  }

  get parked(): readonly ParkedLedger[] {
    const parked = [...this.#ledgers.values()].flatMap((one) => one.parked ?? []);
    return parked.map(({ ledger, state, sequence, reason }) => ({ ledger, state, sequence, reason }));
  }

  /** Whether reading on in this ledger is of any use now. */
  mayRead(ledger: string): boolean {
    return this.#of(ledger).mayGoOn();
  }

  /** What fails at the moment and is tried again, in words. */
  get failing(): string | undefined {
    return [...this.#ledgers.values()].find(({ failing }) => failing !== undefined)?.failing;
  }

  /** The source is known to hold events up to `sequence`. */
  async head(ledger: string, sequence: number): Promise<void> {
    const one = this.#of(ledger);
    one.head = Math.max(one.head, sequence);
    const now = Date.now();
    if (now - one.headToldAt < 1_000 || this.#sink.head === undefined) return;
    one.headToldAt = now;
    await this.#sink.head(ledger, one.head, new Date(now)).catch((error: unknown) => {
      this.#log.warn({ ledger, err: error }, 'the lag could not be stored');
    });
  }

  /** Counts events that were not even parsed, because they are applied already. */
  skipped(ledger: string, events: number): void {
    this.#options.observer?.skipped?.(ledger, events);
  }

  /** Applies what is new of one ledger's events, which are in ascending order. Waits and tries again while the sink fails. */
  async take(ledger: string, events: readonly FeedEvent[], circumstances: Circumstances = {}): Promise<TakeResult> {
    const one = this.#of(ledger);
    const alive = () => !this.#stop.aborted && (circumstances.alive?.() ?? true);
    const skipped = events.filter(({ sequence }) => sequence <= one.position).length;
    if (skipped > 0) this.skipped(ledger, skipped);
    const all = one.withHeld(events);
    for (;;) {
      if (!alive()) return 'abandoned';
      const fresh = all.filter(({ sequence }) => sequence > one.position);
      one.held = [];
      if (fresh.length === 0) return 'done';
      const run = await this.#nextRun(one, fresh, circumstances);
      if (typeof run === 'string') return run;
      const applied = await this.#apply(one, run, circumstances.hint, alive);
      if (applied === undefined) return 'abandoned';
      if (applied === 'one at a time') continue;
      if (!this.#note(one, one.shorter(run), applied)) return 'stopped';
      one.succeeded();
    }
  }

  /** The next event of a ledger cannot even be read: it is parked before it. */
  async unreadable(ledger: string, sequence: number, error: unknown): Promise<void> {
    const one = this.#of(ledger);
    if (one.position !== sequence - 1 || this.#stop.aborted) return;
    const parked = await this.#persist(one, () => this.#parkAt(one, `event ${sequence} cannot be read`, error));
    if (parked) this.#park(one, 'parked', parked.reason);
  }

  #of(ledger: string): LedgerProgress {
    const one = this.#ledgers.get(ledger) ?? new LedgerProgress(ledger);
    this.#ledgers.set(ledger, one);
    return one;
  }

  /** What can be applied next, whole; or why there is nothing. */
  async #nextRun(
    one: LedgerProgress,
    fresh: readonly FeedEvent[],
    circumstances: Circumstances,
  ): Promise<readonly FeedEvent[] | 'held' | 'seek-back' | 'stopped'> {
    const first = fresh[0]?.sequence ?? 0;
    const follows = first === one.position + 1;
    // Behind a hole, a ledger that stands still can go on with what is filled, and with nothing else.
    if (!one.mayGoOn(first) || (one.parked !== undefined && !follows && this.#options.fill === undefined))
      return 'stopped';
    const run = follows ? one.runOf(fresh, this.#batch) : [];
    if (run.length > 0) return run;

    const behindHole = follows ? fresh.slice(lengthInOrder(fresh)) : fresh;
    const got = behindHole[0]?.sequence;
    if (got === undefined) {
      one.held = fresh;
      return 'held';
    }
    const missing = await this.#missing(one, got, circumstances);
    if (typeof missing === 'string') return missing;
    const filled = one.runOf([...missing, ...behindHole], this.#batch);
    return filled.length > 0 ? filled : 'stopped';
  }

  /**
   * Applies events; undefined when it is pointless to try once more. A failure of the database is waited for, and then half as many
   * are tried: they may have been too many for the time that it has. What fails again and
   * again while the database answers is the fault of an event: it is found by applying them one at a time, and parks its ledger.
   */
  #apply(
    one: LedgerProgress,
    run: readonly FeedEvent[],
    hint: Hint | undefined,
    alive: () => boolean,
  ): Promise<Applied | 'one at a time' | undefined> {
    const attempt = async () => {
      try {
        return await this.#sink.apply(one.ledger, one.shorter(run), hint);
      } catch (error) {
        if (isPassing(error)) one.shorten(run);
        if (isPassing(error) || this.#sink.park === undefined) throw error;
        const next = one.failed(run);
        if (next === 'again') throw error;
        if (next === 'one at a time') return next;
        // When the database does not answer, the fault is not the event's.
        await this.#sink.positions();
        const { sequence = 0, event } = run[0] ?? {};
        return this.#parkAt(one, `event ${sequence} (${event?.type ?? '?'}) fails each time`, error);
      }
    };
    return this.#persist(one, attempt, alive);
  }

  async #parkAt(
    { ledger, position }: LedgerProgress,
    what: string,
    error: unknown,
  ): Promise<Applied & { outcome: 'parked' }> {
    const reason = reasonFrom(what, error);
    await this.#sink.park?.(ledger, reason);
    return { outcome: 'parked', sequence: position, reason };
  }

  /** The events between the position and `got` that did not come: from further back in the source, else from the journal. */
  async #missing(
    one: LedgerProgress,
    got: number,
    { canSeekBack }: Circumstances,
  ): Promise<readonly FeedEvent[] | 'seek-back' | 'stopped'> {
    const { ledger, position } = one;
    // A hole that is filled in several batches, or met again after seeking back, is reported once. Behind an event that parked the
    // ledger there is none: what came after it was passed over.
    if (one.reportedHole !== got && one.parked?.state !== 'parked') {
      one.reportedHole = got;
      const message = `a hole: events ${position + 1} to ${got - 1} of ledger ${ledger} did not come`;
      this.#log.error({ ledger, applied: position, got }, message);
      this.#options.observer?.hole?.(ledger, position, got);
    }
    if (canSeekBack === true && one.parked === undefined && one.soughtBackFrom !== position) {
      one.soughtBackFrom = position;
      return 'seek-back';
    }
    const filled = await this.#fill(one, got);
    if (filled.length > 0) {
      this.#log.info({ ledger, from: position + 1, events: filled.length }, 'filling the hole from the journal');
      return filled;
    }
    if (one.parked?.state === 'parked') {
      this.#park(one, 'parked', one.parked.reason);
      return 'stopped';
    }
    await this.#persist(one, () => this.#sink.stopAtHole(ledger, position, got));
    this.#park(one, 'hole', `events ${position + 1} to ${got - 1} did not come, and ${got} did`);
    return 'stopped';
  }

  async #fill(one: LedgerProgress, got: number): Promise<readonly FeedEvent[]> {
    try {
      return await one.fillFrom(this.#options.fill, got, this.#batch);
    } catch (error) {
      this.#log.error({ ledger: one.ledger, err: error }, 'the journal could not be read to fill a hole');
      return [];
    }
  }

  /** @returns false when the ledger is parked now */
  #note(one: LedgerProgress, run: readonly FeedEvent[], applied: Applied): boolean {
    const [first, last] = [run[0]?.sequence ?? 0, run.at(-1)?.sequence ?? 0];
    one.position = applied.sequence;
    if (applied.outcome === 'parked') {
      this.#park(one, 'parked', applied.reason);
      return false;
    }
    // Without this check, a sink that answers nonsense would be asked for ever.
    if (applied.outcome === 'hole' ? applied.sequence >= first - 1 : applied.sequence < last)
      throw new Error(
        `the sink of ledger ${one.ledger} was given ${first} to ${last} and answered ${applied.outcome} at ${applied.sequence}`,
      );
    if (applied.outcome === 'hole') return true;
    if (one.parked !== undefined) this.#log.info({ ledger: one.ledger }, `ledger ${one.ledger} goes on`);
    one.parked = undefined;
    one.soughtBackFrom = undefined;
    this.#options.observer?.lag?.(one.ledger, ...one.lagAfter(run));
    return true;
  }

  #park(one: LedgerProgress, state: 'hole' | 'parked', reason: string): void {
    const { ledger, position: sequence } = one;
    const { fillAgainAfter = 10_000, tryAgainAfter = 30_000 } = this.#options;
    if (one.park(state, reason, state === 'hole' ? fillAgainAfter : tryAgainAfter))
      this.#log.error({ ledger, sequence, state }, `ledger ${ledger} stands still at ${sequence}: ${reason}`);
  }

  /** Does `work` until it succeeds. Undefined when it is pointless to try once more. */
  async #persist<T>(one: LedgerProgress, work: () => Promise<T>, alive = () => true): Promise<T | undefined> {
    const done = await persist(async () => (alive() ? work() : undefined), {
      ...{ stop: this.#stop, backoff: this.#options.backoff },
      onFailure: ({ error, failures, delay }) => {
        // Health shows it to everybody, so it names no ledger.
        one.failing = reasonOf(error);
        this.#log.warn({ ledger: one.ledger, failures, err: error }, `trying again in ${delay} ms: ${one.failing}`);
      },
    });
    one.failing = undefined;
    return done;
  }
}
