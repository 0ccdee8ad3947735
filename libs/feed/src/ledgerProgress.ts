import type { ParkedLedger } from './feed.ts';
import { type FeedEvent, lengthInOrder, MAX_ATOMIC, wholeRun } from './feedEvent.ts';

/** A parked ledger is tried again after as long as it has been parked, but not sooner or later than this, in milliseconds. */
const MOST_UNTIL_TRIED_AGAIN = 600_000;
/** Failures in a row after which events are applied one at a time, and after which the event that fails parks its ledger. */
const ALONE_AFTER = 3;
const PARKED_AFTER = 6;

/** Reads events of one ledger with a sequence above `after`, in order; fewer than `limit` or none when there are no more. */
export type Fill = (ledger: string, after: number, limit: number) => Promise<readonly FeedEvent[]>;

interface Parked extends ParkedLedger {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly againAt: number;
}

/** One ledger as a feed has consumed it so far. */
export class LedgerProgress {
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
  parked: Parked | undefined;
  /** Why the sink failed last, while it is tried again, and how often in a row. */
  failing: string | undefined;
  failures = 0;
  /** Events that are tried at once, at most: fewer after a failure, and more after each success. */
  #most = Infinity;
  /** The sink failed for a batch that ended with this sequence: until it is passed, events are applied one at a time. */
  aloneUntil = 0;

  constructor(readonly ledger: string) {}

  /** @returns whether the ledger runs until now, or stands still for another reason: it is said once */
  park(state: Parked['state'], reason: string, again: number): boolean {
    const { ledger, position: sequence, parked } = this;
    const now = Date.now();
    const same = parked?.reason === reason && parked.sequence === sequence ? parked : undefined;
    const since = same?.since ?? now;
    const wait = state === 'hole' ? again : Math.min(Math.max(again, now - since), MOST_UNTIL_TRIED_AGAIN);
    this.parked = { ledger, state, sequence, reason, since, againAt: now + wait };
    this.failures = 0;
    return same === undefined;
  }

  /** Whether the event `next` may be tried, or any event when it is not given. */
  mayGoOn(next?: number): boolean {
    if (this.parked === undefined || Date.now() >= this.parked.againAt) return true;
    // A hole is closed by the event that is missing, which may come at any time.
    return this.parked.state === 'hole' && next === this.parked.sequence + 1;
  }

  /** The first events that can be applied together. An event that has failed is tried by itself. */
  runOf(events: readonly FeedEvent[], most: number): readonly FeedEvent[] {
    const alone = this.position < this.aloneUntil || this.parked?.state === 'parked';
    return wholeRun(events, alone ? 1 : most);
  }

  /** As many of the events as may be tried at once now. */
  shorter(run: readonly FeedEvent[]): readonly FeedEvent[] {
    return run.length <= this.#most ? run : wholeRun(run, this.#most);
  }

  /** After a failure that may come from the time that they took. */
  shorten(run: readonly FeedEvent[]): void {
    this.#most = Math.max(1, this.shorter(run).length >> 1);
  }

  succeeded(): void {
    this.#most *= 2;
    this.failures = 0;
  }

  /** The sink has failed for these events, and not because the database is away. @returns what to do */
  failed(run: readonly FeedEvent[]): 'again' | 'one at a time' | 'park' {
    this.failures += 1;
    const last = run.at(-1)?.sequence ?? 0;
    const divisible = this.aloneUntil < last && wholeRun(run, 1).length < run.length;
    if (this.failures >= ALONE_AFTER && divisible) {
      this.aloneUntil = last;
      return 'one at a time';
    }
    return this.failures < PARKED_AFTER && this.parked === undefined ? 'again' : 'park';
  }

  /** The events between the position and `got`, as many as there are without a hole and as a batch may have. */
  async fillFrom(fill: Fill | undefined, got: number, batch: number): Promise<readonly FeedEvent[]> {
    const most = Math.min(Math.max(batch, MAX_ATOMIC), got - this.position - 1);
    const filled: FeedEvent[] = [];
    while (fill !== undefined && filled.length < most) {
      const last = this.position + filled.length;
      const next = await fill(this.ledger, last, most - filled.length);
      if (next[0]?.sequence !== last + 1) break;
      filled.push(...next.slice(0, lengthInOrder(next)));
    }
    return filled;
  }

  /** How many events it is behind after these, and for how many seconds the last of them has been recorded if it is. */
  lagAfter(run: readonly FeedEvent[]): [events: number, seconds: number] {
    const behind = Math.max(0, this.head - this.position);
    const recorded = Date.parse(run.at(-1)?.event.recordedtime ?? '');
    return [behind, behind === 0 || Number.isNaN(recorded) ? 0 : Math.max(0, (Date.now() - recorded) / 1_000)];
  }

  /** What was held back, and these events after it; an event that came again is taken from these. */
  withHeld(events: readonly FeedEvent[]): readonly FeedEvent[] {
    const first = events[0]?.sequence;
    if (this.held.length === 0 || first === undefined) return events;
    return [...this.held.filter(({ sequence }) => sequence < first), ...events];
  }
}
