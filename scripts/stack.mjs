import { join, resolve } from 'node:path';
import { ensure } from './ensure.mjs';
import { needsPackages } from './ensure/running.mjs';
import { say, saying } from './ensure/say.mjs';
import { kafkaMissing } from '#servers/kafka/kafkaMissing.mjs';
import { portsTaken } from './stack/portsTaken.mjs';
import { endOf } from './stack/runService.mjs';
import { FIRST_PORT, services } from './stack/services.mjs';
import { Topology } from './stack/topology.mjs';

const HELP = `npm run stack                  the whole topology on this machine, a process each, until Ctrl-C
npm run stack -- --exit        leaves as soon as everything was healthy
npm run stack -- --brokers 3   with a Kafka of three brokers: each keeps a copy of everything, two must have it, 12 partitions

LADING_PORT (${FIRST_PORT}) is the first of seven ports, LADING_DATA (.lading) the folder under which "stack" holds the data.
DATABASE_URL and KAFKA_BROKERS name a PostgreSQL and a Kafka of your own; unless they are set, both are started here.
`;

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(HELP);
  process.exit(0);
}
const at = args.indexOf('--brokers');
const [, count = ''] = at < 0 ? ['', '1'] : args.splice(at, 2);
if (count !== '1' && count !== '3') fail(`${`--brokers ${count}`.trim()}: give 1 or 3\n${HELP}`, 2);
const brokers = Number(count);
if (brokers > 1 && process.env.KAFKA_BROKERS)
  fail('--brokers is for a Kafka that is started here: unset KAFKA_BROKERS', 2);
const unknown = args.filter((arg) => arg !== '--exit');
if (unknown.length > 0) fail(`unknown: ${unknown.join(' ')}\n${HELP}`, 2);

await ensure();
needsPackages();
const started = Date.now();

const firstPort = await checkedPort();
const taken = await portsTaken(firstPort);
if (taken.length > 0) {
  fail(
    `another program listens on ${taken.join(', ')}: stop it, or set LADING_PORT to the first of seven free ports`,
    2,
  );
}
const missing = process.env.KAFKA_BROKERS ? null : kafkaMissing();
if (missing !== null)
  fail(`${missing}. Set KAFKA_BROKERS to a Kafka of your own, or run "npm start", which does without`, 2);

const dataDir = resolve(process.env.LADING_DATA ?? '.lading', 'stack');
const topology = new Topology({
  dataDir,
  processes: services.map(({ name, offset }) => ({ name, port: firstPort + offset })),
  brokers,
  env: brokers === 1 ? process.env : { LADING_TOPIC_PARTITIONS: '12', ...process.env },
  log: say,
});

let stopping = false;
const isStopping = () => stopping;

/**
 * Stops everything in order: first the services that accept events, last the servers that keep the data.
 * @param {number} code
 * @returns {Promise<never>}
 */
async function leave(code) {
  stopping = true;
  withdraw(dataDir);
  await topology.stop((name) => {
    say(`stopping ${name}`);
  });
  process.exit(code);
}

const { onStopSignal } = await import('#platform/service/onStopSignal');
const { announce, withdraw } = await import('#apps/cli/src/running');

// At a second signal this process ends at once. Those that still run notice that it is gone, and stop by themselves.
onStopSignal(130, () => {
  if (stopping) process.exit(130);
  void leave(args.includes('--exit') ? 130 : 0);
});

try {
  await saying('PostgreSQL and Kafka', () => topology.startServers());
  await saying('seven services', () => topology.startServices());

  for (const { name, exited } of topology.members) {
    void exited.then(() => {
      if (stopping) return;
      const logFile = services.some((service) => service.name === name) ? topology.logFile(name) : undefined;
      say(`${name} has ended by itself${logFile ? `; the end of ${logFile}:\n${endOf(logFile)}` : ''}`);
      void leave(1);
    });
  }
  if (!args.includes('--exit')) {
    announce(dataDir, { pid: process.pid, url: topology.url('query'), databaseUrl: topology.databaseUrl });
  }
  table();
  if (args.includes('--exit')) await leave(0);
  say('Ctrl-C stops everything.');
  // The servers do not keep this process alive. Without a promise to wait for it would end, and they with it.
  setInterval(() => undefined, 60_000);
} catch (error) {
  // An error of a process that was told to stop while it was starting is not reported.
  if (isStopping()) await new Promise(() => undefined);
  say(error instanceof Error ? error.message : String(error));
  await leave(1);
}

/** The first of the seven ports; mistakes in the settings are reported here once, and not by seven processes. */
async function checkedPort() {
  const { readConfig } = await import('#platform/service/config');
  try {
    return readConfig({ defaultPort: FIRST_PORT }).port || FIRST_PORT;
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error), 2);
  }
}

function table() {
  const database = new URL(topology.databaseUrl);
  const rows = [
    ...services.map(({ name, offset, does }) => [name, `http://127.0.0.1:${firstPort + offset}`, does]),
    ['Kafka', topology.brokers, `topic ${process.env.LADING_TOPIC ?? 'lading.events'}`],
    ['PostgreSQL', database.host, `database ${database.pathname.slice(1)}`],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const key = process.env.LADING_ADMIN_KEY ? 'the one of LADING_ADMIN_KEY' : `in ${join(dataDir, 'admin.key')}`;
  const lines = rows.map(
    ([a, b, c]) => `  ${String(a).padEnd(widths[0] ?? 0)}  ${String(b).padEnd(widths[1] ?? 0)}  ${String(c)}`,
  );
  process.stdout.write(`
Everything is healthy, ${((Date.now() - started) / 1000).toFixed(1)} s after the start.

${lines.join('\n')}

  key   ${key}
  logs  ${join(dataDir, 'logs')}

`);
}

/**
 * @param {string} message
 * @param {number} code
 * @returns {never}
 */
function fail(message, code) {
  say(message);
  process.exit(code);
}
