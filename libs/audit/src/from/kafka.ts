import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaLog } from '#feed/kafkaLog';
import { identify } from '#feed/message';
import { sizeIn } from '../checkpoints.ts';
import type { Entries, Item } from '../items.ts';

const FETCH_BYTES = 4_194_304;

interface InKafka {
  readonly events: KafkaLog;
  /** The log of the checkpoints' topic; absent where there is none. */
  readonly checkpoints?: KafkaLog | undefined;
  readonly ledger: string;
  /** Names the ledger's log in the topic of checkpoints; without it, every log whose last part is the ledger's name. */
  readonly origin?: string | undefined;
  /** How long to wait for events that a checkpoint covers and the relay has not published yet. Milliseconds. */
  readonly patience?: number;
}

/** An event of a ledger as a record has it. */
interface EventRecord {
  readonly sequence: number;
  readonly bytes: Buffer;
}

/** A topic that is not there: then there is nothing to say about what it would have. */
async function partitionsOf(log: KafkaLog): Promise<readonly number[] | undefined> {
  try {
    return await log.partitions();
  } catch (error) {
    if ((error as { type?: unknown }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
    throw error;
  }
}

/** A ledger from Kafka: what the topic of checkpoints has of it, and then every partition of the topic of events to its end. */
export async function* fromKafka(from: InKafka): AsyncGenerator<Item> {
  if ((await partitionsOf(from.events)) === undefined) {
    yield { kind: 'broken', why: 'Kafka does not have the topic of the events' };
    return;
  }
  const notes = from.checkpoints === undefined ? [] : await notesIn(from.checkpoints, from);
  for (const note of notes) yield { kind: 'checkpoint', note };
  const covered = Math.max(0, ...notes.map(sizeIn));
  let last = 0;
  const ends = new Map<number, bigint>();
  const until = Date.now() + (from.patience ?? 10_000);
  for (;;) {
    for await (const records of eventsInKafka(from.events, from.ledger, ends)) {
      for (const entries of inRuns(records)) {
        last = Math.max(last, entries.first + entries.entries.length - 1);
        yield entries;
      }
    }
    if (last >= covered || Date.now() > until) return;
    await sleep(100);
  }
}

/** Records whose sequences follow each other, as one item. */
function* inRuns(records: readonly EventRecord[]): Generator<Entries> {
  for (let from = 0; from < records.length; ) {
    const first = records[from]?.sequence ?? 0;
    let to = from + 1;
    while (to < records.length && records[to]?.sequence === first + to - from) to += 1;
    yield { kind: 'entries', first, entries: records.slice(from, to).map(({ bytes }) => bytes) };
    from = to;
  }
}

/**
 * A ledger's events in Kafka, some at a time: every partition from where it was read before, or from its first record, to the end that it
 * has when this begins.
 *
 * @param ends where each partition was read to: it is moved on
 */
export async function* eventsInKafka(
  log: KafkaLog,
  ledger: string,
  ends = new Map<number, bigint>(),
): AsyncGenerator<readonly EventRecord[]> {
  for (const { partition, start, end } of await log.extents(await log.partitions())) {
    for (let next = ends.get(partition) ?? start; next < end; ends.set(partition, next)) {
      const records = await log.read(partition, next, FETCH_BYTES);
      const last = records.at(-1);
      if (last === undefined) throw new Error(`partition ${partition} ends at offset ${next}, ${end} was expected`);
      yield records.flatMap((record) => {
        const said = identify(record);
        return said?.ledger === ledger && record.value !== null
          ? [{ sequence: said.sequence, bytes: record.value }]
          : [];
      });
      next = BigInt(last.offset) + 1n;
    }
  }
}

/** The checkpoints of a ledger that the topic still has, where there is one, in the order of their sizes. */
async function notesIn(log: KafkaLog, { ledger, origin }: InKafka): Promise<Buffer[]> {
  const notes: Buffer[] = [];
  for (const { partition, start, end } of await log.extents((await partitionsOf(log)) ?? [])) {
    for (let next = start; next < end; ) {
      const records = await log.read(partition, next, FETCH_BYTES);
      for (const { key, value } of records) {
        const name = key?.toString() ?? '';
        const isOurs = origin === undefined ? name.endsWith(`/${ledger}`) : name === origin;
        if (isOurs && value !== null) notes.push(value);
      }
      const last = records.at(-1);
      // Records that compaction took away leave nothing at the end of the log.
      if (last === undefined) break;
      next = BigInt(last.offset) + 1n;
    }
  }
  return notes.sort((one, other) => sizeIn(one) - sizeIn(other));
}
