import type { FeedEvent } from '#feed/feedEvent';
import { createKafka } from '#feed/kafkaClient';
import { KafkaLog } from '#feed/kafkaLog';
import { toFeedEvent } from '#feed/feedEvent';
import { identify } from '#feed/message';
import { silent } from '#feed/observer';

const FETCH_BYTES = 4 * 1024 * 1024;

/** A ledger's events as Kafka has them now: every partition from its first record to the end that it had at the start. */
export async function* fromKafka(brokers: readonly string[], topic: string, ledger: string): AsyncGenerator<FeedEvent> {
  const log = new KafkaLog(createKafka({ brokers, clientId: 'lading-replay' }, silent), topic);
  try {
    for (const { partition, start, end } of await log.extents(await log.partitions())) {
      yield* fromPartition(log, partition, start, end, ledger);
    }
  } finally {
    await log.close();
  }
}

async function* fromPartition(log: KafkaLog, partition: number, start: bigint, end: bigint, ledger: string) {
  for (let next = start; next < end; ) {
    const records = await log.read(partition, next, FETCH_BYTES);
    if (records.length === 0) throw new Error(`partition ${partition} ends at offset ${next}, ${end} was expected`);
    for (const record of records) {
      next = BigInt(record.offset) + 1n;
      const said = identify(record);
      if (said?.ledger === ledger && record.value !== null) yield toFeedEvent(record.value, said);
    }
  }
}
