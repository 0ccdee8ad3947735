import { Kafka, logLevel, type LogEntry } from 'kafkajs';
import type { FeedLog } from './observer.ts';

export interface KafkaConnection {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** Shown in the broker's logs and quotas: `lading-relay`. */
  readonly clientId: string;
}

/** Who uses the client retries in its own way, says so in its own log, and wants to know soon: little is retried in here. */
const RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/** True but harmless: the broker's first use of its group and producer tables, and our own choice of retries. */
const HARMLESS = /coordinator is loading|coordinator is not available|Limiting retries for the idempotent producer/i;

export function createKafka({ brokers, clientId }: KafkaConnection, log: FeedLog): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    enforceRequestTimeout: true,
    retry: { ...RETRY, restartOnFailure: async () => false },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      write(entry, log);
    },
  });
}

/** What kafkajs calls an error is an attempt of many, most of the time: the feed and the relay say what comes of it. */
function write(
  { namespace, log: { message, timestamp: _, logger: _logger, stack: _stack, ...facts } }: LogEntry,
  log: FeedLog,
): void {
  const said = `${message} ${typeof facts.error === 'string' ? facts.error : ''}`;
  if (HARMLESS.test(said)) log.debug({ kafka: namespace, ...facts }, `kafka: ${message}`);
  else log.warn({ kafka: namespace, ...facts }, `kafka: ${message}`);
}
