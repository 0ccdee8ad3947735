import { Kafka, logLevel, type LogEntry } from 'kafkajs';
import type { FeedLog } from './observer.ts';

export interface KafkaConnection {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** Shown in the broker's logs and quotas: `lading-relay`. */
  readonly clientId: string;
}

/** The users of the client retry and log by themselves, and need to hear of an error soon, so the client retries little. */
const RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/** Harmless warnings: the broker uses its group and producer tables for the first time, still ends the transaction before, or mentions our choice of retries. */
const HARMLESS =
  /coordinator is loading|coordinator is not available|concurrent operation on the same transaction|Limiting retries for the idempotent producer/i;

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

/** Most of what kafkajs logs as an error is one failed attempt of many; the feed and the relay log the outcome. */
function write(
  { namespace, log: { message, timestamp: _, logger: _logger, stack: _stack, ...facts } }: LogEntry,
  log: FeedLog,
): void {
  const said = `${message} ${typeof facts.error === 'string' ? facts.error : ''}`;
  if (HARMLESS.test(said)) log.debug({ kafka: namespace, ...facts }, `kafka: ${message}`);
  else log.warn({ kafka: namespace, ...facts }, `kafka: ${message}`);
}
