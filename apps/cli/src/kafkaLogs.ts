import type { KafkaLog } from '#feed/kafkaLog';
import { silent } from '#feed/observer';

/** The topics of a Kafka, to be read from their beginning. Its client is loaded only by a command that reads Kafka. */
export async function kafkaLogs(brokers: readonly string[], clientId: string): Promise<(topic: string) => KafkaLog> {
  const [{ createKafka }, { KafkaLog }] = await Promise.all([import('#feed/kafkaClient'), import('#feed/kafkaLog')]);
  const kafka = createKafka({ brokers, clientId }, silent);
  return (topic) => new KafkaLog(kafka, topic);
}
