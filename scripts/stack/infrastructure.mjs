import { join } from 'node:path';
import { startBroker } from '#servers/kafka/broker.mjs';
import { placesOf } from '#servers/kafka/places.mjs';
import { Member } from './member.mjs';

/**
 * @typedef {object} Infrastructure
 * @property {string} databaseUrl
 * @property {string} brokers
 * @property {Member[]} servers that were started here, in the order in which they stop
 * @property {() => Promise<void>} release releases the lock of the folder after the servers have stopped
 */

/**
 * PostgreSQL and Kafka for the stack, with their data in `dataDir`; DATABASE_URL and KAFKA_BROKERS replace them.
 * @param {string} dataDir
 * @param {{DATABASE_URL?: string | undefined, KAFKA_BROKERS?: string | undefined}} env
 * @param {(message: string) => void} log
 * @param {number} [count] brokers of Kafka; of several each keeps a copy of everything
 * @returns {Promise<Infrastructure>}
 */
export async function startInfrastructure(dataDir, env, log, count = 1) {
  // Imported here because the build may not have existed when this file was loaded.
  const { holdFolder } = await import('#servers/holdFolder');
  const { startEmbeddedPostgres } = await import('#servers/embeddedPostgres');
  // The folder is locked before either server touches its data.
  const release = await holdFolder(dataDir);

  let databaseUrl = String(env.DATABASE_URL);
  let brokers = String(env.KAFKA_BROKERS);
  /** @type {number | undefined} */
  let port;
  const kafka =
    count === 1
      ? [
          new Member('Kafka', async () => {
            const broker = await startBroker({ dataDir: join(dataDir, 'kafka'), log });
            brokers = broker.brokers;
            return broker;
          }),
        ]
      : await severalBrokers();
  const postgres = new Member('PostgreSQL', async () => {
    const server = await startEmbeddedPostgres(join(dataDir, 'database'), log, { port });
    databaseUrl = server.url;
    port = Number(new URL(databaseUrl).port);
    return {
      get pid() {
        return server.pid;
      },
      exited: server.ended.catch((/** @type {unknown} */ error) => {
        log(error instanceof Error ? error.message : String(error));
      }),
      stop: () => server.stop(),
    };
  });

  /** A folder of its own, so that the data of a Kafka with one broker stays as it is. */
  async function severalBrokers() {
    const folder = join(dataDir, `kafka-${count}`);
    const places = await placesOf(folder, count);
    brokers = (places[0]?.ports ?? []).map(({ port: each }) => `127.0.0.1:${each}`).join(',');
    return places.map(
      (place) =>
        new Member(`Kafka ${place.node}`, () => startBroker({ dataDir: join(folder, String(place.node)), place, log })),
    );
  }

  const servers = [...(env.KAFKA_BROKERS ? [] : kafka), ...(env.DATABASE_URL ? [] : [postgres])];
  const failed = (await Promise.allSettled(servers.map((server) => server.start()))).find(
    (result) => result.status === 'rejected',
  );
  if (failed !== undefined) {
    for (const server of servers) await server.stop();
    await release();
    throw failed.reason;
  }
  return { databaseUrl, brokers, servers, release };
}
