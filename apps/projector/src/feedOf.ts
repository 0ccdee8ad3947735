import type pg from 'pg';
import type { Feed } from '#feed/feed';
import { fillFromJournal, JournalFeed } from '#feed/journal';
import { KafkaFeed } from '#feed/kafka';
import type { FeedLog, FeedObserver } from '#feed/observer';
import type { WithDatabase } from '#platform/service/config';
import type { Version } from '#projections/versions/versions';

/** Events in one transaction while there is much to catch up on. */
const BATCH = 2_000;

interface FeedOf {
  readonly config: Pick<WithDatabase, 'databaseUrl' | 'kafkaBrokers' | 'topic'>;
  readonly pool: pg.Pool;
  readonly source: 'kafka' | 'journal';
  readonly log?: FeedLog | undefined;
  readonly observer?: FeedObserver | undefined;
}

/**
 * What feeds a version of the read models: Kafka, with a consumer group of its own, or the journal itself. Either way holes are filled
 * from the journal.
 */
export function feedOf({ version }: Pick<Version, 'version'>, { config, pool, source, log, observer }: FeedOf): Feed {
  const common = { batch: BATCH, log, observer };
  if (source === 'journal')
    return new JournalFeed({ ...common, pool, url: config.databaseUrl, name: 'lading projector' });
  return new KafkaFeed({
    ...common,
    brokers: config.kafkaBrokers,
    clientId: 'lading-projector',
    topic: config.topic,
    group: `lading-projector-${version}`,
    fill: fillFromJournal(pool),
  });
}
