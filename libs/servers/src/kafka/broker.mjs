import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../process/freePort.mjs';
import { startGuarded } from '../process/guarded.mjs';
import { isRunning } from '../process/isRunning.mjs';
import { answersAsKafka } from './answersAsKafka.mjs';
import { installKafka } from './installKafka.mjs';

export { installKafka } from './installKafka.mjs';
export { kafkaMissing } from './kafkaMissing.mjs';

const run = promisify(execFile);
const READY_MS = 60_000;
const PREDECESSOR_MS = 20_000;

/**
 * @typedef {object} Broker a real Kafka broker with a controller, on 127.0.0.1; a Kafka of its own unless it has a place among others
 * @property {string} brokers what KAFKA_BROKERS wants: `127.0.0.1:PORT`
 * @property {number} port
 * @property {number} pid
 * @property {Promise<{code: number | null, signal: NodeJS.Signals | null}>} exited
 * @property {() => Promise<void>} stop a controlled shutdown
 * @property {(signal?: NodeJS.Signals) => Promise<void>} kill SIGKILL unless told; resolves when the process is gone
 */

/**
 * @typedef {object} Place a broker's place among those of a Kafka with several: each keeps a copy of everything, and votes
 * @property {number} node 1, 2, …
 * @property {string} clusterId
 * @property {readonly {port: number, controllerPort: number}[]} ports of all of them, by their numbers
 */

/**
 * Starts Kafka on the data in `dataDir`, which is made when it does not exist, and resolves when the broker answers. A second call on
 * the same folder, after `stop` or `kill`, starts the same broker with the same topics on the same ports. The broker stops when the
 * process that started it ends. Its log is `dataDir/broker.log`.
 *
 * @param {object} options
 * @param {string} options.dataDir
 * @param {number} [options.port] unless given, the last one of this folder, or any free port
 * @param {number} [options.controllerPort] likewise
 * @param {Place} [options.place] among several brokers; unless given, it is a Kafka by itself
 * @param {readonly string[]} [options.java] more options of Java for the broker
 * @param {(message: string) => void} [options.log] called with messages about steps that take long
 * @returns {Promise<Broker>}
 * @throws {Error} with the end of the broker's log when it does not start
 */
export async function startBroker({
  dataDir: folder,
  port: wantedPort,
  controllerPort: wantedControllerPort,
  place,
  java = [],
  log = () => undefined,
}) {
  const classpath = join(await installKafka({ log }), '*');
  const dataDir = resolve(folder);
  await mkdir(dataDir, { recursive: true });

  // The quorum's own data has the address of the controller, so a restart must use the same port.
  const portsFile = join(dataDir, 'ports.json');
  const last = existsSync(portsFile) ? readPorts(await readFile(portsFile, 'utf8')) : undefined;
  const own = place?.ports[place.node - 1];
  const port = wantedPort ?? own?.port ?? last?.port ?? (await freePort());
  const controllerPort = wantedControllerPort ?? own?.controllerPort ?? last?.controllerPort ?? (await freePort());
  const config = join(dataDir, 'server.properties');
  await writeFile(config, properties({ dataDir, port, controllerPort, place }));
  await writeFile(portsFile, JSON.stringify({ port, controllerPort }));

  if (!existsSync(join(dataDir, 'data', 'meta.properties'))) await format(classpath, config, place?.clusterId);

  const pidFile = join(dataDir, 'broker.pid');
  await waitForPredecessor(pidFile, config, log);
  log('starting Kafka');
  const logFile = join(dataDir, 'broker.log');
  const logFd = openSync(logFile, 'a');
  const server = await startGuarded(
    ['java', ...javaOptions(place === undefined ? '512m' : '256m'), ...java, '-cp', classpath, 'kafka.Kafka', config],
    {
      cwd: dataDir,
      logFd,
      onOwnersDeath: 'TERM',
    },
  );
  closeSync(logFd);
  await writeFile(pidFile, String(server.pid));

  const deadline = Date.now() + READY_MS;
  while (!(await answersAsKafka(port))) {
    if (!server.running() || Date.now() > deadline) {
      await server.stop('SIGKILL', 1_000, 'SIGKILL');
      throw new Error(
        `Kafka did not start on ${dataDir}:\n${(await readFile(logFile, 'utf8')).trim().split('\n').slice(-6).join('\n')}`,
      );
    }
    await sleep(50);
  }
  return {
    brokers: `127.0.0.1:${port}`,
    port,
    pid: server.pid,
    exited: server.exited,
    stop: () => server.stop('SIGTERM', 20_000, 'SIGKILL'),
    kill: (signal = 'SIGKILL') => server.stop(signal, 20_000, 'SIGKILL'),
  };
}

/**
 * Waits until the broker of an earlier run, whose owner was killed, has stopped. It would still answer, so that it could be taken for
 * the new one, and it holds the lock of the data.
 * @param {string} pidFile
 * @param {string} config its last argument
 * @param {(message: string) => void} log
 */
async function waitForPredecessor(pidFile, config, log) {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  const deadline = Date.now() + PREDECESSOR_MS;
  for (let said = false; pid > 0 && isRunning(pid, config); said = true) {
    if (!said) log('waiting for the Kafka of an earlier run to stop');
    if (Date.now() > deadline)
      throw new Error(`another Kafka (process ${pid}) is running on ${config}: stop the one that started it first`);
    await sleep(50);
  }
}

/**
 * Makes the empty log of a new broker: a quorum of its own, or one of those that its configuration names.
 * @param {string} classpath
 * @param {string} config
 * @param {string} [sharedId]
 */
async function format(classpath, config, sharedId) {
  const quorum = sharedId === undefined ? ['--standalone', '-t', clusterId()] : ['-t', sharedId];
  const tool = ['kafka.tools.StorageTool', 'format', ...quorum, '-c', config];
  await run('java', [...javaOptions('64m'), '-XX:TieredStopAtLevel=1', '-cp', classpath, ...tool]);
}

/** 16 random bytes in base64, as Kafka makes its ids. None begins with "-", which Kafka's tool would take for an option. */
export function clusterId() {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

/** @param {string} heap */
const javaOptions = (heap) => [
  `-Xmx${heap}`,
  '-XX:+UseSerialGC',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
];

/** @param {string} text */
function readPorts(text) {
  /** @type {{port: number, controllerPort: number}} */
  const ports = JSON.parse(text);
  return ports;
}

/**
 * The short session lets a broker that was killed start again after 3 s instead of 9 s: its own controller refuses it until the
 * session of its former process is over.
 * @param {{dataDir: string, port: number, controllerPort: number, place: Place | undefined}} options
 */
function properties({ dataDir, port, controllerPort, place }) {
  const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`;
  const voters = place?.ports.map((one, index) => `${index + 1}@127.0.0.1:${one.controllerPort}`).join(',');
  // Everything is kept by every broker, and is there when a majority has it: with three brokers, one may be gone.
  const copies = place?.ports.length ?? 1;
  const inSync = Math.floor(copies / 2) + 1;
  return `process.roles=broker,controller
node.id=${place?.node ?? 1}
log.dirs=${join(dataDir, 'data')}
${voters === undefined ? `controller.quorum.bootstrap.servers=127.0.0.1:${controllerPort}` : `controller.quorum.voters=${voters}`}
default.replication.factor=${copies}
min.insync.replicas=${inSync}
controller.listener.names=CONTROLLER
listeners=${listeners}
advertised.listeners=${listeners}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
offsets.topic.replication.factor=${copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=${copies}
transaction.state.log.min.isr=${inSync}
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=${copies}
share.coordinator.state.topic.min.isr=${inSync}
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.retention.ms=-1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
`;
}
