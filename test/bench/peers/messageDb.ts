import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import type { Contestant, Entrant, Guarantees, Place } from './contestant.ts';
import { addUp, checkHoldings, countEvents, type Pages } from './holdings.ts';
import { uuidOf } from './stories.ts';

/** What its install.sh runs with psql, in that order. */
const PARTS = 'roles schema extensions tables types functions indexes views privileges'.split(' ');
const WRITE = 'SELECT message_store.write_message($1, $2, $3, $4, $5, $6)';
const READ = 'SELECT global_position, data FROM message_store.get_category_messages($1, $2, $3)';
const BATCH = 1_000;
/** Its functions find their tables by it, as its clients set it up. */
const PATH = '-c search_path=message_store,public';

const GUARANTEES: Guarantees = {
  order: 'a position in each stream without gaps; in a category also that of the commits, with gaps',
  twice: 'an id that is there already is an error',
  decided: 'by whoever appends, before; the expected version of the stream is checked under the lock of its category',
  changed: 'nothing',
  readers: 'of one category miss nothing, since its writers wait for each other; categories have no common order',
  appends: 'write_message with the expected version; each event is one transaction',
  rebuilds: 'it has no projections: get_category_messages by 1,000, added up in memory, one table written once',
};

/** @param folder where it was installed */
export const messageDb = (folder: string): Entrant => ({
  name: 'message-db',
  guarantees: GUARANTEES,
  start: (place) => start(folder, place),
});

async function start(folder: string, { url }: Place): Promise<Contestant> {
  const pool = new pg.Pool({ connectionString: url, options: PATH });
  await install(pool, join(folder, 'node_modules', '@eventide', 'message-db', 'database'));
  let seeded: readonly LedgerEvent[] = [];
  return {
    async append({ kept, before, uuid }) {
      const { stream, data, metadata } = messageOf(kept);
      await pool.query({ name: 'write', text: WRITE, values: [uuid, stream, kept.type, data, metadata, before - 1] });
    },
    readBack: () => countEvents(pages(pool, ['order', 'shipment'])),
    async seed(events) {
      seeded = events;
      const unsafe = new pg.Client({ connectionString: url, options: `${PATH} -c synchronous_commit=off` });
      await unsafe.connect();
      for (let at = 0; at < events.length; at += BATCH) {
        const messages = events.slice(at, at + BATCH).map((event) => ({ event, ...messageOf(event) }));
        await unsafe.query(
          `SELECT message_store.write_message(id, stream, type, data, metadata)
             FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::jsonb[]) AS t (id, stream, type, data, metadata)`,
          [
            messages.map(({ event }) => uuidOf(event.id)),
            messages.map(({ stream }) => stream),
            messages.map(({ event }) => event.type),
            messages.map(({ data }) => data),
            messages.map(({ metadata }) => metadata),
          ],
        );
      }
      await unsafe.query('VACUUM ANALYZE message_store.messages');
      await unsafe.end();
    },
    rebuild: () => addUp(pool, pages(pool, new Set(seeded.map(({ subject }) => categoryOf(subject))))),
    check: () => checkHoldings(pool, seeded),
    close: () => pool.end(),
  };
}

const categoryOf = (subject: string): string => subject.split('/')[0] ?? subject;

function messageOf({ type: _, data, ...metadata }: LedgerEvent) {
  const stream = metadata.subject.replace('/', '-');
  return { stream, data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
}

async function install(pool: pg.Pool, database: string): Promise<void> {
  for (const part of PARTS) {
    for (const file of (await readdir(join(database, part))).sort())
      await pool.query(await readFile(join(database, part, file), 'utf8'));
  }
}

interface Message {
  readonly global_position: string;
  readonly data: string;
}

async function* pages(pool: pg.Pool, categories: Iterable<string>): Pages {
  for (const category of categories) {
    for (let from = 1, isMore = true; isMore; ) {
      const { rows } = await pool.query<Message>({ name: 'read', text: READ, values: [category, from, BATCH] });
      yield rows.map(({ data }) => (JSON.parse(data) as { moves?: Move[] }).moves ?? []);
      from = Number(rows.at(-1)?.global_position) + 1;
      isMore = rows.length === BATCH;
    }
  }
}
