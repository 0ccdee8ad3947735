import type { Applied, Hint, ParkedLedger, Sink } from './feed.ts';
import { type FeedEvent, lengthInOrder, MAX_ATOMIC, wholeRun } from './feedEvent.ts';
import { type FeedLog, type FeedObserver, silent } from './observer.ts';
import { type Backoff, persist, reasonOf } from './runner.ts';

/** Reads events of one ledger with a sequence above `after`, in order; fewer than `limit` or none when there are no more. */
export type Fill = (ledger: string, after: number, limit: number) => Promise<readonly FeedEvent[]>;

export interface ConsumptionOptions {
  /** From where holes are filled. Without it, a hole that seeking back does not close parks the ledger. */
  readonly fill?: Fill | undefined;
  readonly observer?: FeedObserver | undefined;
  readonly log?: FeedLog | undefined;
  readonly backoff?: Backoff | undefined;
  /** Events in one `Sink.apply`, at most. */
  readonly batch?: number | undefined;
  /** Milliseconds until filling the hole of a parked ledger is tried again. */
  readonly fillAgainAfter?: number | undefined;
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

/** One ledger as this feed has consumed it so far. */
class LedgerProgress {
  /** The last sequence applied: a copy of the sink's position, which decides under its lock. */
  position = 0;
  /** The newest sequence that the source is known to hold, and when the sink was last told of it. */
  head = 0;
  headToldAt = 0;
  /** The position from which the source was read again, to close the hole after it. */
  soughtBackFrom: number | undefined;
  /** The event behind the last hole that was reported. */
  reportedHole: number | undefined;
  /** The beginning of an atomic batch whose rest has not come yet. */
  held: readonly FeedEvent[] = [];
  parked: (ParkedLedger & { readonly since: number }) | undefined;
  /** Why the sink failed last, while it is tried again. */
  failing: string | undefined;

  constructor(readonly ledger: string) {}
}

/**
 * What every feed checks in the same way, whatever its source: events that were applied are skipped, and a hole stops its ledger,
 * with an error in the log, until it is filled.
 */
export class Consumption {
  readonly #sink: Sink;
  readonly #options: ConsumptionOptions;
  readonly #stop: AbortSignal;
  readonly #log: FeedLog;
  readonly #ledgers = new Map<string, LedgerProgress>();

  constructor(sink: Sink, stop: AbortSignal, options: ConsumptionOptions = {}) {
    this.#sink = sink;
    this.#stop = stop;
    this.#options = options;
    this.#log = options.log ?? silent;
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
    return parked.map(({ since: _, ...rest }) => rest);
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
    const all = withHeld(one, events);
    for (;;) {
      if (!alive()) return 'abandoned';
      const fresh = all.filter(({ sequence }) => sequence > one.position);
      one.held = [];
      if (fresh.length === 0) return 'done';
      const run = await this.#nextRun(one, fresh, circumstances);
      if (typeof run === 'string') return run;
      const applied = await this.#persist(one, () => this.#sink.apply(ledger, run, circumstances.hint), alive);
      if (applied === undefined) return 'abandoned';
      if (!this.#note(one, run, applied)) return 'stopped';
    }
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
    if (!this.#mayGoOn(one, first)) return 'stopped';
    const follows = first === one.position + 1;
    const run = follows ? wholeRun(fresh, this.#batch) : [];
    if (run.length > 0) return run;

    const behindHole = follows ? fresh.slice(lengthInOrder(fresh)) : fresh;
    const got = behindHole[0]?.sequence;
    if (got === undefined) {
      one.held = fresh;
      return 'held';
    }
    const missing = await this.#missing(one, got, circumstances);
    if (typeof missing === 'string') return missing;
    const filled = wholeRun([...missing, ...behindHole], this.#batch);
    return filled.length > 0 ? filled : 'stopped';
  }

  get #batch(): number {
    return this.#options.batch ?? 1_000;
  }

  /** A parked ledger goes on when the event that it waits for comes, or when it is time to look into the journal again. */
  #mayGoOn({ parked }: LedgerProgress, got: number): boolean {
    if (parked === undefined) return true;
    if (parked.state === 'parked') return false;
    const again = this.#options.fillAgainAfter ?? 10_000;
    return got === parked.sequence + 1 || (this.#options.fill !== undefined && Date.now() - parked.since >= again);
  }

  /** The events between the position and `got` that did not come: from further back in the source, else from the journal. */
  async #missing(
    one: LedgerProgress,
    got: number,
    { canSeekBack }: Circumstances,
  ): Promise<readonly FeedEvent[] | 'seek-back' | 'stopped'> {
    const { ledger, position } = one;
    // A hole that is filled in several batches, or met again after seeking back, is reported once.
    if (one.reportedHole !== got) {
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
    await this.#persist(one, () => this.#sink.stopAtHole(ledger, position, got));
    this.#park(one, 'hole', `events ${position + 1} to ${got - 1} did not come, and ${got} did`);
    return 'stopped';
  }

  async #fill({ ledger, position }: LedgerProgress, got: number): Promise<readonly FeedEvent[]> {
    if (this.#options.fill === undefined) return [];
    try {
      const most = Math.min(Math.max(this.#batch, MAX_ATOMIC), got - position - 1);
      const filled: FeedEvent[] = [];
      while (filled.length < most) {
        const last = position + filled.length;
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
    this.#unpark(one);
    one.soughtBackFrom = undefined;
    this.#observeLag(one, run);
    return true;
  }

  #observeLag({ ledger, head, position }: LedgerProgress, run: readonly FeedEvent[]): void {
    const behind = Math.max(0, head - position);
    const recorded = Date.parse(run.at(-1)?.event.recordedtime ?? '');
    const seconds = behind === 0 || Number.isNaN(recorded) ? 0 : Math.max(0, (Date.now() - recorded) / 1_000);
    this.#options.observer?.lag?.(ledger, behind, seconds);
  }

  #park(one: LedgerProgress, state: 'hole' | 'parked', reason: string): void {
    const { ledger, position: sequence } = one;
    one.parked = { ledger, state, sequence, reason, since: Date.now() };
    this.#log.error({ ledger, sequence, state }, `ledger ${ledger} stands still at ${sequence}: ${reason}`);
  }

  #unpark(one: LedgerProgress): void {
    if (one.parked === undefined) return;
    one.parked = undefined;
    this.#log.info({ ledger: one.ledger }, `ledger ${one.ledger} goes on`);
  }

  /** Does `work` until it succeeds. Undefined when it is pointless to try once more. */
  async #persist<T>(one: LedgerProgress, work: () => Promise<T>, alive = () => true): Promise<T | undefined> {
    const { ledger } = one;
    const done = await persist(async () => (alive() ? work() : undefined), {
      stop: this.#stop,
      backoff: this.#options.backoff,
      onFailure: ({ error, failures, delay }) => {
        one.failing = `ledger ${ledger}: ${reasonOf(error)}`;
        this.#log.warn({ ledger, failures, err: error }, `trying again in ${delay} ms: ${reasonOf(error)}`);
      },
    });
    one.failing = undefined;
    return done;
  }
}

/** What was held back, and these events after it; an event that came again is taken from these. */
function withHeld({ held }: LedgerProgress, events: readonly FeedEvent[]): readonly FeedEvent[] {
  const first = events[0]?.sequence;
  if (held.length === 0 || first === undefined) return events;
  return [...held.filter(({ sequence }) => sequence < first), ...events];
}
