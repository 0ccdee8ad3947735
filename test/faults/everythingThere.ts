import { expect } from 'vitest';
import type pg from 'pg';
import type { HoldingRow, PostingRow } from '#contracts/rows';
import { movesOf, parseEvent } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { createKafka } from '#feed/kafkaClient';
import { KafkaLog } from '#feed/kafkaLog';
import { identify } from '#feed/message';
import { silent } from '#feed/observer';
import { accountKey, accountOf } from '#ledger/account';
import { Fold } from '#ledger/fold';
import { AUTHORIZATION, CAST, LEDGER, pathOf } from '../topology/startTopology.ts';

const TOPIC = 'lading.events';
const FETCH_BYTES = 4_000_000;

/** An event as the journal keeps it. */
export interface Kept {
  readonly sequence: number;
  readonly id: string;
  readonly bytes: Buffer;
}

/** Asserts that the journal has every answered event once, at the sequence of its answer, no other event, and no gap. */
export async function journalHas(
  pool: pg.Pool,
  answered: ReadonlyMap<string, number>,
  ledger = LEDGER,
): Promise<readonly Kept[]> {
  const { rows } = await pool.query<Kept>(
    'SELECT sequence, id, bytes FROM journal.events WHERE ledger = $1 ORDER BY sequence',
    [ledger],
  );
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, n) => n + 1));
  const submitted = rows.slice(CAST);
  expect(new Map(submitted.map(({ id, sequence }) => [id, sequence]))).toEqual(new Map(bySequence(answered)));
  expect(submitted).toHaveLength(answered.size);
  return rows;
}

const bySequence = (answered: ReadonlyMap<string, number>) => [...answered].sort(([, a], [, b]) => a - b);

/**
 * Asserts that the topic has every event of the journal, byte for byte, none before its predecessor. An event that stands there
 * a second time, which is allowed after a crash, must be the same.
 */
export async function kafkaHas(brokers: string, kept: readonly Kept[], ledger = LEDGER): Promise<void> {
  const log = new KafkaLog(createKafka({ brokers: brokers.split(','), clientId: 'faults' }, silent), TOPIC);
  const first: number[] = [];
  const different: number[] = [];
  try {
    for (const { partition, start, end } of await log.extents(await log.partitions())) {
      for (let next = start; next < end; ) {
        const messages = await log.read(partition, next, FETCH_BYTES);
        for (const message of messages) {
          const of = identify(message);
          if (of !== undefined && of.ledger !== ledger) continue;
          const sequence = of?.sequence ?? 0;
          if (sequence > (first.at(-1) ?? 0)) first.push(sequence);
          if (!kept[sequence - 1]?.bytes.equals(message.value ?? Buffer.alloc(0))) different.push(sequence);
        }
        next = BigInt(messages.at(-1)?.offset ?? end) + 1n;
      }
    }
  } finally {
    await log.close();
  }
  expect(different).toEqual([]);
  expect(first).toEqual(kept.map(({ sequence }) => sequence));
}

/** Asserts that the read models answer with every move of the events once, and with the holdings that these add up to. */
export async function readModelsHave(queryUrl: string, kept: readonly Kept[], ledger = LEDGER): Promise<void> {
  const fold = new Fold();
  const moved: string[] = [];
  for (const { bytes } of kept) {
    const event = parseEvent(bytes);
    fold.apply(event);
    moved.push(...movesOf(event).flatMap((move) => postingsOf(move, event.sequence)));
  }
  const url = `${queryUrl}${pathOf(ledger)}`;
  const postings = await all<PostingRow>(url, '/holdings/postings?accounts=all');
  const holdings = await all<HoldingRow>(url, '/holdings?accounts=all');
  expect(postings.map((row) => `${row.sequence} ${accountKey(row)} ${row.quantity}`)).toEqual(moved);
  expect(holdings.sort((a, b) => (accountKey(a) < accountKey(b) ? -1 : 1))).toEqual(fold.holdings());
}

const postingsOf = (move: Move, sequence: number): string[] => [
  `${sequence} ${accountKey(accountOf(move, move.from))} ${-move.quantity}`,
  `${sequence} ${accountKey(accountOf(move, move.to))} ${move.quantity}`,
];

interface List<R> {
  readonly data: readonly R[];
  readonly next: string | null;
}

/** Every row of a list, page by page, while nothing is added to it. */
async function all<R>(url: string, list: string): Promise<R[]> {
  const rows: R[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { data, next }: List<R> = await get(`${url}${list}&limit=1000${page}`);
    rows.push(...data);
    cursor = next;
  }
  return rows;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: AUTHORIZATION });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
