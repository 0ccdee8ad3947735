import type { KafkaMessage } from 'kafkajs';
import { Turns } from '#platform/service/turns';
import type { Consumption } from './consumption.ts';
import type { Hint } from './feed.ts';
import { type FeedEvent, toFeedEvent } from './feedEvent.ts';
import { identify } from './message.ts';
import type { FeedLog } from './observer.ts';
import { reasonOf } from './runner.ts';

interface Slice {
  readonly messages: readonly KafkaMessage[];
  /** The offset after the last record, including records without a message. */
  readonly next: bigint;
}

type Progress =
  | 'done'
  /** The slice must be read again from `next`, which has been set back. */
  | 'again'
  /** The member was fenced or is stopping: the next reader of the partition takes this slice. */
  | 'abandoned';

interface Group {
  readonly ledger: string;
  readonly events: readonly FeedEvent[];
  /** The offset of this ledger's first record in the slice. */
  readonly offset: bigint;
}

/**
 * One partition as one member of the group reads it, from its assignment until the next rebalance. It holds the events of
 * several ledgers, and the events of each ledger are applied separately.
 */
export class KafkaPartition {
  /** The offset that is read next. */
  next: bigint;
  /** For each parked ledger the offset of its first record that was not applied. No hint may go past these. */
  readonly #waiting = new Map<string, bigint>();
  /** For each ledger whose events are held back the offset of the first of them. No hint may go past these either. */
  readonly #held = new Map<string, bigint>();
  /** The ledger that is tried again, and the offset that was next before. */
  #trying: { readonly ledger: string; readonly ahead: bigint } | undefined;
  #sinceStart: boolean;

  constructor(
    readonly partition: number,
    readonly start: bigint,
    next: bigint,
    /** Identifies the log (`LogExtent.identity`); undefined while the log is empty. */
    public identity: string | undefined,
    private readonly log: FeedLog,
  ) {
    this.next = next;
    this.#sinceStart = next === start;
  }

  /** Where a restart may begin: every event before this offset is applied. */
  get resume(): bigint {
    return least([this.next, ...this.#waiting.values(), ...this.#held.values()]);
  }

  /** Whether this record can come next in the log that is being read. The first record of an empty log identifies the log. */
  accepts({ offset, timestamp }: KafkaMessage): boolean {
    if (this.identity !== undefined) return BigInt(offset) >= this.next;
    if (BigInt(offset) !== this.start) return false;
    this.identity = timestamp;
    return true;
  }

  /**
   * Goes back to where a ledger was left that stands still and may be tried again now: nothing else may ever come of it.
   * @returns whether to read from `next`, which has been set back
   */
  tryAgain(consumption: Consumption): boolean {
    if (this.#trying !== undefined) return false;
    for (const [ledger, offset] of this.#waiting) {
      if (!consumption.mayRead(ledger)) continue;
      // The next time it is another one's turn.
      this.#waiting.delete(ledger);
      this.#waiting.set(ledger, offset);
      this.#trying = { ledger, ahead: this.next };
      this.next = offset;
      return true;
    }
    return false;
  }

  async take(slice: Slice, consumption: Consumption, alive: () => boolean): Promise<Progress> {
    const groups = await this.#byLedger(slice.messages, consumption);
    // The hint is taken before the first new event, so that it is right whatever happens to the groups.
    const hint = this.#hint(
      least([slice.next, ...groups.map(({ offset }) => offset), ...this.#waiting.values(), ...this.#held.values()]),
    );
    let again: bigint | undefined;
    for (const group of groups) {
      // After a hole it is unknown what was read, so no hint is stored until the slice was read again.
      const from = await this.#takeGroup(group, again === undefined ? hint : undefined, consumption, alive);
      if (from === 'abandoned') return from;
      if (from !== undefined) again = least([from, again ?? from]);
    }
    const trying = this.#trying;
    this.#trying = undefined;
    // A ledger that still stands still was tried in vain: what was read before need not be read once more.
    if (again === undefined && trying !== undefined && trying.ahead > slice.next && this.#waiting.has(trying.ledger))
      again = trying.ahead;
    this.next = again ?? slice.next;
    if (again === this.start) this.#sinceStart = true;
    return again === undefined ? 'done' : 'again';
  }

  /** @returns the offset from which to read again, if that is needed */
  async #takeGroup(
    { ledger, events, offset }: Group,
    hint: Hint | undefined,
    consumption: Consumption,
    alive: () => boolean,
  ) {
    await consumption.head(ledger, events.at(-1)?.sequence ?? 0);
    const taken = await consumption.take(ledger, events, { hint, alive, canSeekBack: !this.#sinceStart });
    if (taken === 'abandoned') return taken;
    const held = this.#held.get(ledger);
    this.#held.delete(ledger);
    if (taken === 'seek-back') return this.start;
    if (taken === 'held') this.#held.set(ledger, least([offset, held ?? offset]));
    const waiting = this.#waiting.get(ledger);
    if (taken === 'stopped') {
      this.#waiting.set(ledger, least([offset, waiting ?? offset, held ?? offset]));
      return undefined;
    }
    // The events that came while the ledger was parked were skipped, so they must be read again from `waiting`.
    this.#waiting.delete(ledger);
    return waiting;
  }

  #hint(offset: bigint): Hint | undefined {
    const log = this.identity;
    return log === undefined ? undefined : { partition: this.partition, offset: offset.toString(), log };
  }

  /** The new events by ledger, in the order of the log. Applied events are dropped by their headers, before they are parsed. */
  async #byLedger(messages: readonly KafkaMessage[], consumption: Consumption): Promise<readonly Group[]> {
    const groups = new Map<string, { ledger: string; events: FeedEvent[]; offset: bigint }>();
    const skipped = new Map<string, number>();
    const turns = new Turns();
    for (const message of messages) {
      if (turns.over) await turns.next();
      const said = identify(message);
      if (said !== undefined && said.sequence <= consumption.position(said.ledger)) {
        skipped.set(said.ledger, (skipped.get(said.ledger) ?? 0) + 1);
        continue;
      }
      const event = this.#read(message, said);
      if (event === undefined) continue;
      const group = groups.get(event.ledger);
      if (group === undefined)
        groups.set(event.ledger, { ledger: event.ledger, events: [event], offset: BigInt(message.offset) });
      else group.events.push(event);
    }
    for (const [ledger, events] of skipped) consumption.skipped(ledger, events);
    return [...groups.values()].map((group) => ({ ...group, events: ascending(group.events) }));
  }

  /** A record that is not one of our events is skipped. If it stands in the place of an event, that event is a hole. */
  #read(message: KafkaMessage, said: ReturnType<typeof identify>): FeedEvent | undefined {
    try {
      if (message.value === null) throw new Error('it has no value');
      return toFeedEvent(message.value, said);
    } catch (error) {
      this.log.error(
        { partition: this.partition, offset: message.offset },
        `the record at offset ${message.offset} of partition ${this.partition} is not an event: ${reasonOf(error)}`,
      );
      return undefined;
    }
  }
}

/** Sorts by sequence: a relay that took over, or that fills a topic again, sends some events a second time. */
function ascending(events: readonly FeedEvent[]): readonly FeedEvent[] {
  const inOrder = events.every(({ sequence }, index) => sequence > (events[index - 1]?.sequence ?? 0));
  if (inOrder) return events;
  const bySequence = new Map(events.map((event) => [event.sequence, event]));
  return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
}

const least = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => (b < a ? b : a));
