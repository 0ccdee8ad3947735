import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type pg from 'pg';
import { isBundle, openBundle, type Proof } from '#audit/bundle';
import { fromHttp } from '#audit/from/http';
import { fromJournal, type StoredCheckpoints } from '#audit/from/journal';
import { fromKafka } from '#audit/from/kafka';
import type { Item } from '#audit/items';
import { EndsEarly } from '#proofs/tarMembers';
import { CannotSay } from '#audit/verdict';
import { checkpointsAfter, latestCheckpoint } from '#checkpoints/checkpoints';
import { type FeedEvent, toFeedEvent } from '#feed/feedEvent';
import { eventsInFile, FileFeedError } from '#feed/file';
import { Malformed } from '#proofs/text';
import { readConfig } from '#platform/service/config';
import { reasonOf } from './client.ts';
import { connect, type ConnectionOptions } from './connection.ts';
import { exitCodes, UserError } from './exitCodes.ts';
import { kafkaLogs } from './kafkaLogs.ts';

export const SOURCES = ['journal', 'http', 'kafka', 'file'] as const;

export interface SourceOptions extends ConnectionOptions {
  readonly ledger: string;
  readonly from?: (typeof SOURCES)[number];
  readonly file?: string;
  readonly mirror?: string;
  readonly checkpointTopic: string;
}

/** Runs `work` on the events and checkpoints of a ledger, from the one source that the options name and nothing else. */
export async function withSource<T>(
  options: SourceOptions,
  /** How many events need not be read again, and the origin of the ledger where it is known. */
  { after, origin }: { readonly after: number; readonly origin: string | undefined },
  withPool: (work: (pool: pg.Pool) => Promise<T>) => Promise<T>,
  work: (items: AsyncIterable<Item>) => Promise<T>,
  /** A bundle of some events, with a proof each. */
  workOnSelection: (items: AsyncIterable<Item | Proof>) => Promise<T>,
): Promise<T> {
  const { ledger, file } = options;
  if (file !== undefined) return inFile(file, ledger, work, workOnSelection);
  if (options.from === 'file') throw new UserError('Which file? Name it with --file, or - for standard input.');
  if (options.mirror !== undefined) return work(fromHttp(mirrored(options.mirror), after));
  if (options.from === 'http' || options.url !== undefined) return work(fromHttp(served(options), after));
  if (options.from === 'kafka') return inKafka(options, origin, work);
  return withPool((pool) => work(fromJournal(pool, ledger, storedCheckpoints(pool, ledger), after)));
}

/** The checkpoints that the journal's database keeps of a ledger. */
export const storedCheckpoints = (pool: pg.Pool, ledger: string): StoredCheckpoints => ({
  newest: async () => (await latestCheckpoint(pool, ledger))?.size ?? 0,
  after: (size) => checkpointsAfter(pool, ledger, size, 1_000),
});

async function inKafka<T>(
  { ledger, checkpointTopic }: SourceOptions,
  origin: string | undefined,
  work: (items: AsyncIterable<Item>) => Promise<T>,
): Promise<T> {
  const { kafkaBrokers: brokers, topic } = readConfig({ needs: ['kafka'] });
  const log = await kafkaLogs(brokers, 'lading-verify');
  const [events, checkpoints] = [log(topic), log(checkpointTopic)];
  try {
    return await work(fromKafka({ events, checkpoints, ledger, origin }));
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) throw error;
    throw new UserError(`Kafka at ${brokers.join(', ')} cannot be read: ${error.message}`, exitCodes.unavailable);
  } finally {
    await Promise.all([events.close(), checkpoints.close()]);
  }
}

/** The routes of the service itself. */
function served(options: SourceOptions): (path: string) => Promise<Buffer | undefined> {
  const client = connect(options);
  const base = `/v1/ledgers/${encodeURIComponent(options.ledger)}/`;
  return async (path) => {
    const response = await client.request('GET', base + path, undefined, '*/*');
    if (response.status === 404) return undefined;
    if (!response.ok) await client.text(base + path);
    return bodyOf(response, `${client.url}${base}${path}`);
  };
}

/** Any other place that has the files of the log, as C2SP lays them out. */
function mirrored(address: string): (path: string) => Promise<Buffer | undefined> {
  const base = address.endsWith('/') ? address : `${address}/`;
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    throw new UserError(`${address} is not an address: give one like https://mirror.example/nvidia/`);
  return async (path) => {
    const response = await fetch(new URL(path, base)).catch((error: unknown) => {
      throw new UserError(`Nothing answers at ${base} (${reasonOf(error)}).`, exitCodes.unavailable);
    });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new UserError(`GET ${base}${path} answered ${response.status}.`, exitCodes.unavailable);
    return bodyOf(response, base + path);
  };
}

async function bodyOf(response: Response, address: string): Promise<Buffer> {
  const body = await response.arrayBuffer().catch((error: unknown) => {
    throw new UserError(`The answer of ${address} broke off (${reasonOf(error)}).`, exitCodes.unavailable);
  });
  return Buffer.from(body);
}

/** A bundle, or events in lines, which have no checkpoint of their own. */
async function inFile<T>(
  file: string,
  ledger: string,
  work: (items: AsyncIterable<Item>) => Promise<T>,
  workOnSelection: (items: AsyncIterable<Item | Proof>) => Promise<T>,
): Promise<T> {
  const source: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1_048_576 });
  try {
    if (!isBundle(await beginOf(source))) return await work(inLines(source, ledger));
    const { header, items } = await openBundle(source);
    if (header.ledger !== ledger)
      throw new UserError(`${file} is a bundle of ledger ${header.ledger}, not of ${ledger}.`);
    return await (header.kind === 'whole' ? work(items as AsyncGenerator<Item>) : workOnSelection(items));
  } catch (error) {
    if (error instanceof EndsEarly) throw new CannotSay(error.message);
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UserError(`${file} cannot be read: ${reasonOf(error)}`);
  } finally {
    source.destroy();
  }
}

async function* inLines(source: Readable, ledger: string): AsyncGenerator<Item> {
  try {
    for await (const event of eventsInFile(source))
      if (event.ledger === ledger) yield { kind: 'entries', first: event.sequence, entries: [event.bytes] };
  } catch (error) {
    if (!(error instanceof FileFeedError)) throw error;
    yield { kind: 'damaged', why: error.message };
  }
}

/**
 * The bytes of the events in a file: a bundle of a whole ledger, or events one a line.
 *
 * @throws UserError for a bundle of some events @throws {EndsEarly} for one that was cut off @throws FileFeedError
 */
export async function* eventsOf(file: string | Readable): AsyncGenerator<FeedEvent> {
  const source = typeof file === 'string' ? createReadStream(file, { highWaterMark: 1_048_576 }) : file;
  try {
    if (!isBundle(await beginOf(source))) {
      yield* eventsInFile(source);
      return;
    }
    const { header, items } = await openBundle(source);
    if (header.kind !== 'whole')
      throw new UserError('The bundle has only some events, and those between are missing: "lading verify" reads it.');
    for await (const item of items) {
      if (item.kind === 'broken') throw new EndsEarly(item.why);
      if (item.kind === 'damaged') throw new FileFeedError(item.why);
      if (item.kind === 'entries') for (const bytes of item.entries) yield toFeedEvent(Buffer.from(bytes));
    }
  } catch (error) {
    throw error instanceof Malformed ? new FileFeedError(error.message) : error;
  } finally {
    source.destroy();
  }
}

/** Its first bytes, which stay to be read. */
async function beginOf(source: Readable): Promise<Buffer> {
  for (;;) {
    const chunk = source.read() as Buffer | null;
    if (chunk !== null) {
      source.unshift(chunk);
      return chunk;
    }
    if (source.readableEnded) return Buffer.alloc(0);
    await new Promise<void>((resolve, reject) => {
      source.once('readable', resolve);
      source.once('end', resolve);
      source.once('error', reject);
    });
  }
}
