import { type Command, Option } from 'commander';
import type pg from 'pg';
import { type FeedEvent, toFeedEvent } from '#feed/feedEvent';
import { eventsInFile, FileFeedError } from '#feed/file';
import { PageReader } from '#journal/tail';
import { createKafka } from '#feed/kafkaClient';
import { KafkaLog } from '#feed/kafkaLog';
import { identify } from '#feed/message';
import { silent } from '#feed/observer';
import { Fold } from '#ledger/fold';
import { readConfig } from '#platform/service/config';
import { reasonOf } from '../client.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { formatNumber } from '../table.ts';
import { withPool } from '../withPool.ts';
import { holdingsTable } from './holdings.ts';

interface ReplayOptions {
  readonly ledger: string;
  readonly from: 'journal' | 'kafka' | 'file';
  readonly file?: string;
  readonly to?: number;
  readonly events?: boolean;
  readonly holdings?: boolean;
  readonly accounts?: 'all';
}

/** The stages of units that parties hold or expect; the other accounts are shown with `--accounts all`. */
const PARTIES_STAGES = new Set(['ordered', 'in_transit', 'held', 'damaged']);

const FETCH_BYTES = 4 * 1024 * 1024;

export function addReplay(program: Command): void {
  program
    .command('replay')
    .description("print a ledger's events in order, and fold them into holdings with nothing but their moves")
    .requiredOption('-l, --ledger <ledger>', 'the ledger to replay')
    .addOption(new Option('--from <source>', 'where to read').choices(['journal', 'kafka', 'file']).default('journal'))
    .option('--file <file>', 'an export, one event a line; - for standard input (means --from file)')
    .option('--to <sequence>', 'stop after this event', wholeNumber)
    .option('--no-events', 'do not print the events (NDJSON, byte for byte as they are kept)')
    .option('--no-holdings', 'do not print the holdings at the end (on standard error while events are printed)')
    .addOption(new Option('--accounts <which>', 'show supply, cancelled, lost and the rest too').choices(['all']))
    .addHelpText(
      'after',
      '\nExamples:\n  lading replay --ledger nvidia --no-events\n  lading replay --ledger nvidia --from kafka > nvidia.ndjson\n  lading replay --ledger nvidia --file nvidia.ndjson --no-events\n',
    )
    .action(replay);
}

async function replay(options: ReplayOptions): Promise<void> {
  const { ledger } = options;
  if (options.file !== undefined) return print(fromFile(options.file, ledger), options);
  if (options.from === 'file') throw new UserError('Which file? Name it with --file, or - for standard input.');
  if (options.from === 'journal') return withPool((pool) => print(fromJournal(pool, ledger), options));

  const { kafkaBrokers, topic } = readConfig({ needs: ['kafka'] });
  return print(reachable(fromKafka(kafkaBrokers, topic, ledger), kafkaBrokers), options);
}

async function print(events: AsyncIterable<FeedEvent>, options: ReplayOptions): Promise<void> {
  const fold = new Fold();
  for await (const { bytes, event } of inOrder(events)) {
    if (options.to !== undefined && event.sequence > options.to) break;
    fold.apply(event);
    if (options.events) await write(bytes);
  }
  if (fold.sequence === 0) throw new UserError(`There is no event of ledger ${options.ledger} there.`);
  if (!options.holdings) return;

  const shown = fold.holdings().filter(({ stage }) => options.accounts === 'all' || PARTIES_STAGES.has(stage));
  const say = options.events ? console.error : console.log;
  say(`${formatNumber(fold.sequence)} events of ${options.ledger}, folded from nothing but their moves:`);
  say(holdingsTable(shown.map((holding) => ({ ...holding }))));
}

/**
 * Checks that a stream has the sequences 1, 2, 3 … without a gap. Repeated events are skipped.
 * @throws UserError at a hole, because the events after a hole cannot be trusted
 */
async function* inOrder(events: AsyncIterable<FeedEvent>): AsyncGenerator<FeedEvent> {
  let last = 0;
  for await (const event of events) {
    if (event.sequence <= last) continue;
    if (event.sequence !== last + 1) {
      throw new UserError(
        `The stream has a hole: after event ${last} comes ${event.sequence}. The events after the hole were not replayed.`,
        exitCodes.broken,
      );
    }
    last = event.sequence;
    yield event;
  }
}

/** Waits until the reader takes more, so that a long stream is not kept in memory. */
async function write(bytes: Buffer): Promise<void> {
  process.stdout.write(bytes);
  if (!process.stdout.write('\n')) await new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** A ledger's events from the journal, up to its end. */
async function* fromJournal(pool: pg.Pool, ledger: string): AsyncGenerator<FeedEvent> {
  const pages = new PageReader(pool).all(ledger, 0, { events: 2_000, bytes: 8_388_608 });
  for await (const { events } of pages) for (const { bytes, ...said } of events) yield toFeedEvent(bytes, said);
}

/** A ledger's events from Kafka: every partition from its first record to the end that it had when the replay began. */
async function* fromKafka(brokers: readonly string[], topic: string, ledger: string): AsyncGenerator<FeedEvent> {
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

async function* fromFile(file: string, ledger: string): AsyncGenerator<FeedEvent> {
  try {
    for await (const event of eventsInFile(file === '-' ? process.stdin : file)) {
      if (event.ledger === ledger) yield event;
    }
  } catch (error) {
    if (error instanceof FileFeedError) throw new UserError(`${file}: ${error.message}`, exitCodes.broken);
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UserError(`${file} cannot be read: ${reasonOf(error)}`);
  }
}

async function* reachable(events: AsyncIterable<FeedEvent>, brokers: readonly string[]): AsyncGenerator<FeedEvent> {
  try {
    yield* events;
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) throw error;
    throw new UserError(`Kafka at ${brokers.join(', ')} cannot be read: ${error.message}`, exitCodes.unavailable);
  }
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UserError(`--to takes a sequence, a number from 1 on, not "${text}".`);
  return Number(text);
}
