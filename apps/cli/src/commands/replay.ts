import { type Command, Option } from 'commander';
import type pg from 'pg';
import { eventsInKafka } from '#audit/from/kafka';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { Day, exactMicroseconds, Moment, utcOf } from '#contracts/scalars';
import { type FeedEvent, toFeedEvent } from '#feed/feedEvent';
import { FileFeedError } from '#feed/file';
import { PageReader } from '#journal/tail';
import type { Holding } from '#ledger/account';
import { Fold } from '#ledger/fold';
import { EndsEarly } from '#proofs/tarMembers';
import { readConfig } from '#platform/service/config';
import { eventsOf } from '../auditSource.ts';
import { type Client, reasonOf } from '../client.ts';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { elementsOf } from '../jsonElements.ts';
import { withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { kafkaLogs } from '../kafkaLogs.ts';
import { counted } from '../table.ts';
import { print, say } from '../terminal.ts';
import { withPool } from '../withPool.ts';
import { holdingsTable } from './lists.ts';

interface ReplayOptions extends ConnectionOptions {
  readonly ledger: string;
  readonly from: 'journal' | 'http' | 'kafka' | 'file';
  readonly file?: string;
  readonly to?: number;
  readonly at?: string;
  readonly known?: number | string;
  readonly events?: boolean;
  readonly holdings?: boolean;
  readonly owner?: string;
  readonly item?: string;
  readonly groupBy?: readonly Key[];
  readonly accounts?: 'all';
}

/** The stages of units that parties hold or expect; the other accounts are shown with `--accounts all`. */
const PARTIES_STAGES = new Set(['ordered', 'in_transit', 'held', 'damaged']);

export function addReplay(program: Command): void {
  const command = withConnectionOptions(program.command('replay'))
    .description("print a ledger's events in order, and fold them into holdings with nothing but their moves")
    .requiredOption('-l, --ledger <ledger>', 'the ledger to replay')
    .addOption(
      new Option('--from <source>', 'where to read').choices(['journal', 'http', 'kafka', 'file']).default('journal'),
    )
    .option('--owner <party>', 'show only the holdings of this owner')
    .option('--item <item>', 'show only the holdings of this item')
    .option('--group-by <keys>', 'add the holdings up by these, separated by commas: owner,item,stage', keysOf)
    .option('--file <file>', 'a bundle, or events one a line; - for standard input (means --from file)')
    .option('--to <sequence>', 'stop after this event', wholeNumber)
    .option(
      '--at <moment>',
      'only what had occurred by then: a moment with its offset, or a day (its end in UTC)',
      momentOf,
    )
    .option('--known <known>', 'stop after this event, or after what was recorded by this moment', knownOf)
    .option('--no-events', 'do not print the events (NDJSON, byte for byte as they are kept)')
    .option('--no-holdings', 'do not print the holdings at the end (on standard error while events are printed)')
    .addOption(new Option('--accounts <which>', 'show supply, cancelled, lost and the rest too').choices(['all']))
    .action(replay);
  withExamples(
    command,
    'lading replay --ledger nvidia --no-events',
    'lading replay --ledger nvidia --from kafka > nvidia.ndjson',
    'lading replay --ledger nvidia --from http --group-by owner,stage > /dev/null',
    'lading replay --ledger nvidia --file nvidia.ndjson --no-events',
    'lading replay --ledger nvidia --at 2023-12-31 --known 2024-01-15 --no-events',
  );
}

async function replay(options: ReplayOptions): Promise<void> {
  const { ledger } = options;
  if (options.file !== undefined) return replayed(fromFile(options.file, ledger), options);
  if (options.from === 'file') throw new UserError('Which file? Name it with --file, or - for standard input.');
  if (options.from === 'http' || options.url !== undefined)
    return replayed(fromHttp(connect(options), ledger), options);
  if (options.from === 'journal') return withPool((pool) => replayed(fromJournal(pool, ledger), options));

  const { kafkaBrokers, topic } = readConfig({ needs: ['kafka'] });
  return replayed(reachable(fromKafka(kafkaBrokers, topic, ledger), kafkaBrokers), options);
}

async function replayed(events: AsyncIterable<FeedEvent>, options: ReplayOptions): Promise<void> {
  const fold = new Fold();
  const { at } = options;
  let [head, applied] = [0, 0];
  let goesOn = false;
  for await (const { bytes, event } of inOrder(events)) {
    goesOn = isAfter(event, options);
    if (goesOn) break;
    head = event.sequence;
    if (at !== undefined && exactMicroseconds(event.time) > exactMicroseconds(at)) continue;
    fold.apply(event);
    applied += 1;
    if (options.events) await write(bytes);
  }
  if (head === 0) throw new UserError(`There is no event of ledger ${options.ledger} there${nothingOf(options)}.`);
  if (!goesOn && typeof options.known === 'number' && options.known > head)
    throw new UserError(
      `Ledger ${options.ledger} ends at ${head} there: write at most --known ${head}, or leave it out.`,
    );
  if (!options.holdings) return;

  const shown = shownOf(fold.holdings(), options);
  const tell = options.events ? say : print;
  tell(
    `${counted(applied, 'event')} of ${options.ledger}, folded from nothing but ${applied === 1 ? 'its' : 'their'} moves:`,
  );
  tell(holdingsTable(shown));
}

/** Recorded moments never go back from one event to the next. */
function isAfter({ sequence, recordedtime }: LedgerEvent, { to = Infinity, known = Infinity }: ReplayOptions): boolean {
  if (sequence > to) return true;
  return typeof known === 'number' ? sequence > known : exactMicroseconds(recordedtime) > exactMicroseconds(known);
}

const nothingOf = ({ known }: ReplayOptions): string => (known === undefined ? '' : ` that was known by ${known}`);

const A_MOMENT = 'with its offset, 2023-12-31T10:00:00Z, or a day, 2023-12-31';

function momentOf(text: string): string {
  const moment = momentIn(text);
  if (moment === undefined) throw new UserError(`"${text}" is no moment: write one ${A_MOMENT}.`);
  return moment;
}

/** A day is its end, in UTC. */
function momentIn(text: string): string | undefined {
  if (Day.safeParse(text).success) return `${text}T23:59:59.999999Z`;
  return Moment.safeParse(text).success ? utcOf(text) : undefined;
}

/** As for the service: what will be known by a moment that is not over is not known yet. */
function knownOf(text: string): number | string {
  if (/^\d+$/.test(text)) return wholeNumber(text);
  const moment = momentIn(text);
  if (moment === undefined)
    throw new UserError(`"${text}" is no sequence and no moment: write a sequence, 17, a moment ${A_MOMENT}.`);
  const now = new Date().toISOString();
  if (exactMicroseconds(moment) <= exactMicroseconds(now)) return moment;
  throw new UserError(`--known ${text}: it is ${now} only. Write a moment that is over, or leave it out.`);
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

type Key = (typeof KEYS)[number];
const KEYS = ['owner', 'custodian', 'item', 'order', 'line', 'stage', 'shipment'] as const;

function shownOf(holdings: readonly Holding[], { owner, item, accounts, groupBy }: ReplayOptions) {
  const shown = holdings.filter(
    (holding) =>
      (accounts === 'all' || PARTIES_STAGES.has(holding.stage)) &&
      (owner === undefined || holding.owner === owner) &&
      (item === undefined || holding.item === item),
  );
  if (groupBy === undefined) return shown.map((holding) => ({ ...holding }));
  const groups = new Map<string, Record<string, string | number | null>>();
  for (const holding of shown) {
    const keys = Object.fromEntries(groupBy.map((key) => [key, holding[key] ?? null]));
    const id = JSON.stringify(keys);
    const quantity = Number(groups.get(id)?.quantity ?? 0) + holding.quantity;
    groups.set(id, { ...keys, quantity });
  }
  return [...groups.values()].filter(({ quantity }) => quantity !== 0);
}

function keysOf(text: string): Key[] {
  return text.split(',').map((asked) => {
    const key = KEYS.find((one) => one === asked.trim());
    if (key === undefined)
      throw new UserError(`--group-by takes ${KEYS.join(', ')}, separated by commas, not "${asked}".`);
    return key;
  });
}

/** A ledger's events over HTTP, page by page: each has the bytes that the ledger keeps. */
async function* fromHttp(client: Client, ledger: string): AsyncGenerator<FeedEvent> {
  for (let after = 0; ; ) {
    const page = await client.text(`/v1/ledgers/${encodeURIComponent(ledger)}/events?limit=1000&after=${after}`);
    const events = elementsOf(page, page.indexOf('"data":[') + '"data":'.length);
    for (const event of events) {
      const read = toFeedEvent(Buffer.from(event));
      after = read.sequence;
      yield read;
    }
    if (events.length === 0) return;
  }
}

/** A ledger's events from the journal, up to its end. */
async function* fromJournal(pool: pg.Pool, ledger: string): AsyncGenerator<FeedEvent> {
  const pages = new PageReader(pool).all(ledger, 0, { events: 2_000, bytes: 8_388_608 });
  for await (const { events } of pages) for (const { bytes, ...said } of events) yield toFeedEvent(bytes, said);
}

/** A ledger's events from Kafka: every partition from its first record to the end that it had when the replay began. */
async function* fromKafka(brokers: readonly string[], topic: string, ledger: string): AsyncGenerator<FeedEvent> {
  const log = (await kafkaLogs(brokers, 'lading-replay'))(topic);
  try {
    for await (const records of eventsInKafka(log, ledger))
      for (const { bytes, sequence } of records) yield toFeedEvent(bytes, { ledger, sequence });
  } finally {
    await log.close();
  }
}

async function* fromFile(file: string, ledger: string): AsyncGenerator<FeedEvent> {
  try {
    for await (const event of eventsOf(file === '-' ? process.stdin : file)) {
      if (event.ledger === ledger) yield event;
    }
  } catch (error) {
    if (error instanceof EndsEarly)
      throw new UserError(
        `${file} was cut off, and the events after that are unknown: ${error.message}.`,
        exitCodes.unknown,
      );
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
