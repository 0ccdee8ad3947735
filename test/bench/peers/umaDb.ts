import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { eventText, type LedgerEvent, movesOf, parseEvent } from '#contracts/cloudEvent';
import { freePort } from '#servers/process/freePort.mjs';
import { startGuarded } from '#servers/process/guarded.mjs';
import type { Contestant, Entrant, Guarantees, Place } from './contestant.ts';
import { addUp, checkHoldings, countEvents, type Pages } from './holdings.ts';
import { uuidOf } from './stories.ts';

/** What is used here of its gRPC service. */
const SERVICE = {
  nested: {
    umadb: {
      nested: {
        v1: {
          nested: {
            Event: {
              fields: {
                eventType: { type: 'string', id: 1 },
                tags: { rule: 'repeated', type: 'string', id: 2 },
                data: { type: 'bytes', id: 3 },
                uuid: { type: 'string', id: 4 },
              },
            },
            SequencedEvent: { fields: { position: { type: 'uint64', id: 1 }, event: { type: 'Event', id: 2 } } },
            QueryItem: { fields: { tags: { rule: 'repeated', type: 'string', id: 2 } } },
            Query: { fields: { items: { rule: 'repeated', type: 'QueryItem', id: 1 } } },
            AppendCondition: {
              fields: {
                failIfEventsMatch: { type: 'Query', id: 1 },
                after: { type: 'uint64', id: 2, options: { proto3_optional: true } },
              },
            },
            AppendRequest: {
              fields: {
                events: { rule: 'repeated', type: 'Event', id: 1 },
                condition: { type: 'AppendCondition', id: 2 },
              },
            },
            AppendResponse: { fields: { position: { type: 'uint64', id: 1 } } },
            ReadRequest: { fields: { batchSize: { type: 'uint32', id: 6, options: { proto3_optional: true } } } },
            ReadResponse: { fields: { events: { rule: 'repeated', type: 'SequencedEvent', id: 1 } } },
            DCB: {
              methods: {
                Append: { requestType: 'AppendRequest', responseType: 'AppendResponse' },
                Read: { requestType: 'ReadRequest', responseType: 'ReadResponse', responseStream: true },
              },
            },
          },
        },
      },
    },
  },
};

interface UmaEvent {
  readonly eventType: string;
  readonly tags: readonly string[];
  readonly data: Buffer;
  readonly uuid: string;
}
interface Condition {
  readonly failIfEventsMatch: { readonly items: readonly { readonly tags: readonly string[] }[] };
  readonly after?: string;
}
interface Client {
  append(
    request: { readonly events: readonly UmaEvent[]; readonly condition?: Condition },
    answer: (error: Error | null, response: { readonly position: string }) => void,
  ): void;
  read(request: { readonly batchSize: number }): AsyncIterable<{ readonly events: readonly { event: UmaEvent }[] }>;
  waitForReady(deadline: number, ready: (error?: Error) => void): void;
  close(): void;
}
interface Grpc {
  loadPackageDefinition(definition: unknown): {
    readonly umadb: { readonly v1: { readonly DCB: new (address: string, credentials: unknown) => Client } };
  };
  readonly credentials: { createInsecure(): unknown };
}
interface ProtoLoader {
  fromJSON(json: unknown, options: { readonly longs: StringConstructor }): unknown;
}

const BATCH = 1_000;

const GUARANTEES: Guarantees = {
  order: 'all events in one order, without gaps: that of their commits',
  twice: 'the same ids under the same condition are answered as the first time',
  decided: 'by whoever appends, before; its only writer checks that nothing about the subject came after what was read',
  changed: 'nothing',
  readers: 'miss nothing when they go on after the last position they have',
  appends: 'Append over gRPC with that condition; the server writes requests that wait together, to a file of its own',
  rebuilds: 'it has no projections: Read by 1,000, added up in memory, one table written to PostgreSQL once',
};

/** @param installed where it was installed */
export const umaDb = (installed: string): Entrant => ({
  name: 'UmaDB',
  guarantees: GUARANTEES,
  start: (place) => start(installed, place),
});

async function start(installed: string, { url, folder }: Place): Promise<Contestant> {
  const { client, stop } = await startServer(installed, folder);
  const pool = new pg.Pool({ connectionString: url });
  const append = (events: readonly UmaEvent[], condition?: Condition) =>
    new Promise<string>((resolve, reject) => {
      client.append({ events, ...(condition && { condition }) }, (error, response) => {
        if (error === null) resolve(response.position);
        else reject(error);
      });
    });
  const positions = new Map<string, string>();
  let seeded: readonly LedgerEvent[] = [];
  return {
    async append({ kept }) {
      const after = positions.get(kept.subject);
      const failIfEventsMatch = { items: [{ tags: [kept.subject] }] };
      const condition = { failIfEventsMatch, ...(after !== undefined && { after }) };
      positions.set(kept.subject, await append([eventOf(kept)], condition));
    },
    async seed(events) {
      seeded = events;
      for (let at = 0; at < events.length; at += BATCH) await append(events.slice(at, at + BATCH).map(eventOf));
    },
    readBack: () => countEvents(pages(client)),
    rebuild: () => addUp(pool, pages(client)),
    check: () => checkHoldings(pool, seeded),
    async close() {
      client.close();
      await stop();
      await pool.end();
    },
  };
}

async function* pages(client: Client): Pages {
  for await (const { events } of client.read({ batchSize: BATCH }))
    yield events.map(({ event }) => movesOf(parseEvent(event.data)));
}

const eventOf = (event: LedgerEvent): UmaEvent => ({
  eventType: event.type,
  tags: [event.subject],
  data: Buffer.from(eventText(event)),
  uuid: uuidOf(event.id),
});

async function startServer(installed: string, folder: string): Promise<{ client: Client; stop: () => Promise<void> }> {
  const data = await mkdtemp(join(folder, 'umadb-'));
  const address = `127.0.0.1:${await freePort()}`;
  const logFd = openSync(join(data, 'umadb.log'), 'a');
  const command = [join(installed, 'bin', 'umadb'), '--listen', address, '--db-path', join(data, 'events')];
  const server = await startGuarded(command, { cwd: data, logFd, onOwnersDeath: 'INT' });
  closeSync(logFd);
  const load = createRequire(join(installed, 'package.json'));
  const grpc = load('@grpc/grpc-js') as Grpc;
  const { umadb } = grpc.loadPackageDefinition(
    (load('@grpc/proto-loader') as ProtoLoader).fromJSON(SERVICE, { longs: String }),
  );
  const client = new umadb.v1.DCB(address, grpc.credentials.createInsecure());
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 20_000, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
  return { client, stop: () => server.stop('SIGINT', 5_000, 'SIGKILL') };
}
