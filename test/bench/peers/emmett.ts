import { createRequire } from 'node:module';
import { join } from 'node:path';
import pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Contestant, Entrant, Guarantees, Place } from './contestant.ts';
import { changesOf, checkHoldings, HOLDINGS } from './holdings.ts';

/** What is used here of its packages, which are there only where this bench installed them. */
interface EmmettEvent {
  readonly type: string;
  readonly data: LedgerEvent['data'];
  readonly metadata: Readonly<Record<string, unknown>>;
}
interface Store {
  readonly schema: { migrate(): Promise<unknown> };
  appendToStream(
    stream: string,
    events: readonly EmmettEvent[],
    options: { readonly expectedStreamVersion: bigint },
  ): Promise<unknown>;
  close(): Promise<void>;
}
type Sql = string & { readonly __brand: 'sql' };
interface Projection {
  readonly name: string;
  readonly canHandle: readonly string[];
  readonly handle: (
    events: readonly EmmettEvent[],
    context: { readonly execute: { batchCommand(commands: readonly Sql[]): Promise<unknown> } },
  ) => Promise<void>;
}
interface Emmett {
  getPostgreSQLEventStore(url: string, options: { readonly connectionOptions: { readonly pool: pg.Pool } }): Store;
  postgreSQLProjection(definition: Projection): Projection;
  rebuildPostgreSQLProjections(options: {
    readonly connectionString: string;
    readonly projections: readonly Projection[];
    readonly pulling: { readonly batchSize: number; readonly pullingFrequencyInMs: number };
  }): { start(): Promise<void>; close(): Promise<void> };
}
interface Dumbo {
  sql(text: string, ...values: readonly unknown[]): Sql;
}

/** The types whose events move units here: a projection is told of no other. */
const MOVING = [
  'lading.order.placed.v1',
  'lading.reallocation.made.v1',
  'lading.swap.executed.v1',
  'lading.shipment.dispatched.v1',
  'lading.shipment.received.v1',
];

const GUARANTEES: Guarantees = {
  order: 'a position in each stream without gaps; the global one has gaps, and is not that of the commits',
  twice: 'it is kept twice, unless the expected version of the stream refuses it',
  decided: 'by whoever appends, before; the expected version of the stream is checked in the transaction',
  changed: 'nothing',
  readers: 'wait for transactions under way, but pass over an event below the global position that they have reached',
  appends: 'appendToStream with the expected version, which could take several events; each event is one transaction',
  rebuilds: 'rebuildPostgreSQLProjections by 1,000, without its pauses: one table, and a checkpoint after each event',
};

/** @param folder where it was installed */
export const emmett = (folder: string): Entrant => ({
  name: 'Emmett',
  guarantees: GUARANTEES,
  start: (place) => start(folder, place),
});

async function start(folder: string, { url }: Place): Promise<Contestant> {
  const load = createRequire(join(folder, 'package.json'));
  const library = load('@event-driven-io/emmett-postgresql') as Emmett;
  const { sql } = load('@event-driven-io/dumbo') as Dumbo;
  const pool = new pg.Pool({ connectionString: url });
  const store = library.getPostgreSQLEventStore(url, { connectionOptions: { pool } });
  await store.schema.migrate();
  let seeded: readonly LedgerEvent[] = [];
  let projections = 0;
  const project = async (handle: Projection['handle']) => {
    // A name of its own each time: a projection goes on from its checkpoint, even where its table is emptied.
    const projection = library.postgreSQLProjection({ name: `bench-${++projections}`, canHandle: MOVING, handle });
    const pulling = { batchSize: 1_000, pullingFrequencyInMs: 0 };
    const consumer = library.rebuildPostgreSQLProjections({
      ...{ connectionString: url, projections: [projection], pulling },
    });
    await consumer.start();
    await consumer.close();
  };
  return {
    async append({ kept, before }) {
      await store.appendToStream(streamOf(kept), [eventOf(kept)], { expectedStreamVersion: BigInt(before) });
    },
    async seed(events) {
      seeded = events;
      // On one connection, so that transactions follow each other: of others its projections would pass over some (decision 062).
      const unsafe = new pg.Pool({ connectionString: url, max: 1, options: '-c synchronous_commit=off' });
      const seeding = library.getPostgreSQLEventStore(url, { connectionOptions: { pool: unsafe } });
      const versions = new Map<string, number>();
      for (const event of events) {
        const version = versions.get(event.subject) ?? 0;
        versions.set(event.subject, version + 1);
        await seeding.appendToStream(streamOf(event), [eventOf(event)], { expectedStreamVersion: BigInt(version) });
      }
      await unsafe.query('VACUUM ANALYZE');
      await seeding.close();
      await unsafe.end();
    },
    async readBack() {
      let events = 0;
      await project((some) => {
        events += some.length;
        return Promise.resolve();
      });
      return events;
    },
    async rebuild() {
      await pool.query(HOLDINGS);
      await project((events, { execute }) => book(events, sql, execute));
    },
    check: () => checkHoldings(pool, seeded),
    async close() {
      await store.close();
      await pool.end();
    },
  };
}

async function book(
  events: readonly EmmettEvent[],
  sql: Dumbo['sql'],
  execute: { batchCommand(commands: readonly Sql[]): Promise<unknown> },
): Promise<void> {
  const changes = events.flatMap(changesOf);
  if (changes.length === 0) return;
  const rows = changes.map(({ line, owner, quantity }) => sql('(%L, %L, %s)', line, owner, quantity));
  await execute.batchCommand([
    sql(
      `INSERT INTO holdings VALUES %s
       ON CONFLICT (line, owner) DO UPDATE SET quantity = holdings.quantity + excluded.quantity`,
      rows.join(', '),
    ),
  ]);
}

const streamOf = ({ subject }: LedgerEvent): string => subject.replace('/', '-');

function eventOf({ type, data, id, ...rest }: LedgerEvent): EmmettEvent {
  return { type, data, metadata: { ...rest, messageId: id } };
}
