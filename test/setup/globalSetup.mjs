import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installKafka, kafkaMissing, startBroker } from '#servers/kafka/broker.mjs';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { quickJava } from './kafkaClasses.mjs';
import { services } from './services.mjs';

/** @param {string} message */
const log = (message) => {
  process.stderr.write(`[test services] ${message}\n`);
};

/**
 * One PostgreSQL and one Kafka for the whole run, handed to the tests through the environment:
 * `LADING_TEST_DATABASE_URL` of an administrator, `LADING_TEST_CLUSTER`, an empty PostgreSQL to copy (putCluster.ts), and `LADING_TEST_KAFKA_STARTER`, a URL that starts Kafka when the first
 * test asks for it and answers with its address; or `LADING_TEST_KAFKA_MISSING`, a sentence that says why there is none.
 * Where the variable of a service is set already, that service is used.
 */
export default async function globalSetup() {
  if (!process.env.LADING_TEST_DATABASE_URL) await setUpPostgres();
  const {
    LADING_TEST_KAFKA: given,
    LADING_TEST_KAFKA_STARTER: starter,
    LADING_TEST_KAFKA_MISSING: missing,
  } = process.env;
  if (!given && !starter && !missing) await setUpKafka();
}

/** A folder that PostgreSQL's own user may pass through, which it must where root runs the tests. */
async function folderForServers() {
  const folder = await mkdtemp(join(tmpdir(), 'lading-test-'));
  await chmod(folder, 0o711);
  return folder;
}

async function setUpPostgres() {
  services.folder ??= await folderForServers();
  const made = join(services.folder, 'made');
  await (await startCluster({ dataDir: made, durable: false })).stop();
  process.env.LADING_TEST_CLUSTER = made;
  const dataDir = join(services.folder, 'postgres');
  await promisify(execFile)('cp', ['-a', made, dataDir]);
  services.postgres = await startCluster({
    dataDir,
    durable: false,
    // A killed client's session must not keep a test waiting for its locks longer than the test itself would.
    settings: { max_connections: 400, shared_buffers: '128MB', client_connection_check_interval: '1s' },
  });
  process.env.LADING_TEST_DATABASE_URL = services.postgres.url;
}

/**
 * For every Java of this run, also those of brokers that a test or the stack starts.
 * @param {string} jars
 */
async function javaOfThisRun(jars) {
  const { JAVA_TOOL_OPTIONS: given = '' } = process.env;
  process.env.JAVA_TOOL_OPTIONS = `${given} ${await quickJava(jars, log)}`.trim();
  return null;
}

async function setUpKafka() {
  const missing = kafkaMissing() ?? (await installKafka({ log }).then(javaOfThisRun, String));
  if (missing !== null) {
    if (process.env.CI === 'true') throw new Error(`the Kafka tests cannot run: ${missing}`);
    log(`SKIPPING EVERY TEST ON KAFKA: ${missing}`);
    process.env.LADING_TEST_KAFKA_MISSING = missing;
    return;
  }
  services.folder ??= await folderForServers();
  const dataDir = join(services.folder, 'kafka');
  const starter = createServer((_request, response) => {
    // The test files of one worker share its connections: a kept connection would be closed just when the next file uses it.
    response.setHeader('connection', 'close');
    services.kafka ??= startBroker({ dataDir, log });
    services.kafka.then(
      ({ brokers }) => response.end(brokers),
      (/** @type {unknown} */ error) => response.writeHead(500).end(String(error)),
    );
  });
  starter.listen(0, '127.0.0.1');
  await once(starter, 'listening');
  starter.unref();
  services.starter = starter;
  const { port } = /** @type {import('node:net').AddressInfo} */ (starter.address());
  process.env.LADING_TEST_KAFKA_STARTER = `http://127.0.0.1:${port}/`;
}
