import { type KafkaLog } from '#feed/kafkaLog';
import { identify } from '#feed/message';
import type { FeedLog } from '#feed/observer';
import { choosePartition, type Cursor } from './cursors.ts';

/**
 * Compares the stored cursors with the topic: the record at a cursor's offset must be that ledger's event with that sequence.
 * If it is not, the topic was created again or cut off, and the ledger is published again from its start.
 *
 * @returns the cursors that must change, with their new values
 */
export async function verifyCursors(
  cursors: ReadonlyMap<string, Cursor>,
  topic: string,
  records: KafkaLog,
  log: FeedLog,
): Promise<Map<string, Cursor>> {
  const partitions = await records.partitions();
  const extents = new Map((await records.extents(partitions)).map((extent) => [extent.partition, extent]));
  const changed = new Map<string, Cursor>();

  const verify = async (ledger: string, cursor: Cursor) => {
    const extent = cursor.topic === topic ? extents.get(cursor.partition) : undefined;
    if (extent === undefined) {
      const stay = [...cursors].filter(([other]) => other !== ledger).map(([other, one]) => changed.get(other) ?? one);
      const taken = stay.filter((one) => one.topic === topic).map(({ partition }) => partition);
      const partition = choosePartition(partitions, taken);
      log.error(
        { ledger, was: cursor, partition },
        `ledger ${ledger} was on a partition that does not exist: publishing it from its start`,
      );
      changed.set(ledger, { topic, partition, sequence: 0, offset: undefined });
      return;
    }
    if (cursor.offset === undefined) return;
    const there = cursor.offset >= extent.start && cursor.offset < extent.end;
    const record = there ? await records.recordAt(cursor.partition, cursor.offset) : undefined;
    const found = record === undefined ? undefined : identify(record);
    if (found?.ledger === ledger && found.sequence === cursor.sequence) return;
    log.error(
      {
        ledger,
        topic,
        partition: cursor.partition,
        offset: cursor.offset.toString(),
        sequence: cursor.sequence,
        found,
      },
      `the topic was created again or cut off: event ${cursor.sequence} of ledger ${ledger} is not where it was; publishing it from its start`,
    );
    changed.set(ledger, { ...cursor, sequence: 0, offset: undefined });
  };

  // One after the other, because the log is read one request at a time; each takes about a millisecond.
  for (const [ledger, cursor] of cursors) await verify(ledger, cursor);
  return changed;
}
