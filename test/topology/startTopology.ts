import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '#servers/process/freePort.mjs';
import { Topology } from '#scripts/stack/topology.mjs';
import { putCluster } from '#test/setup/putCluster';
import { temporaryFolder } from '#test/setup/temporaryFolder';

const KEY = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';

export const LEDGER = 'nvidia';
/** The path of a ledger, for events and for questions. */
export const pathOf = (ledger: string): string => `/v1/ledgers/${ledger}`;
export const PATH = pathOf(LEDGER);
export const AUTHORIZATION = { authorization: `Bearer ${KEY}` };
export const SOURCE = 'urn:nvidia:erp';
/** How many events the ledger has at the start: its opening, three parties and an item. */
export const CAST = 5;

/** Which service each process runs: `{one: 'shipments', two: 'shipments'}`. */
type Processes = Readonly<Record<string, string>>;

interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Node's flags for the services. */
  readonly nodeOptions?: readonly string[];
  /** Of Kafka; one unless given. */
  readonly brokers?: number;
}

export interface RunningTopology {
  readonly topology: Topology;
  /** Stops all processes and deletes the folder. */
  stop(): Promise<void>;
}

/**
 * Services as separate processes from the build, on their own durable PostgreSQL and Kafka, with all data in a temporary folder.
 * One ledger is open, in which tesla may order H100 of nvidia.
 *
 * @param processes by name, in the order in which they stop; one of them runs `shipments`
 */
export async function startTopology(
  processes: Processes,
  { env = {}, nodeOptions = [], brokers = 1 }: StartOptions = {},
): Promise<RunningTopology> {
  const dataDir = await temporaryFolder('topology');
  await putCluster(join(dataDir, 'database', 'postgres'));
  const topology = new Topology({
    dataDir,
    processes: await Promise.all(
      Object.entries(processes).map(async ([name, app]) => ({ name, app, port: await freePort() })),
    ),
    env: { ...servicesEnvironment(), ...env },
    nodeOptions,
    brokers,
    log: () => undefined,
  });
  const stop = async () => {
    await topology.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await topology.startServers();
    await topology.startServices();
    const [writer = ''] = Object.entries(processes).find(([, app]) => app === 'shipments') ?? [];
    await openLedger(topology.url(writer));
    return { topology, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The environment without the settings of this process, such as its database or a debugger's flags. */
function servicesEnvironment(): NodeJS.ProcessEnv {
  const { PATH: path, HOME, TMPDIR, LADING_TOPIC: _ } = process.env;
  return { PATH: path, HOME, TMPDIR, LADING_ADMIN_KEY: KEY, LOG_LEVEL: 'info' };
}

/** Opens a ledger in which tesla may order H100 of nvidia. */
export async function openLedger(url: string, ledger = LEDGER): Promise<void> {
  const send = async (method: string, path: string, type: string, body: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...AUTHORIZATION, 'content-type': type },
      body: JSON.stringify(body),
    });
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  };
  await send('PUT', pathOf(ledger), 'application/json', { name: 'Nvidia allocations', keeper: 'nvidia' });
  const cast = [
    ['lading.party.registered.v1', { party: 'nvidia', name: 'NVIDIA', roles: ['supplier'] }],
    ['lading.party.registered.v1', { party: 'tesla', name: 'Tesla, Inc.', roles: ['customer'] }],
    ['lading.party.registered.v1', { party: 'dhl', name: 'DHL', roles: ['carrier'] }],
    ['lading.item.registered.v1', { item: 'H100', name: 'H100 80 GB', maker: 'nvidia', tracking: 'quantity' }],
  ] as const;
  const batch = cast.map(([type, data], n) => cloudEvent(`cast-${n}`, type, data));
  await send('POST', `${pathOf(ledger)}/events?atomic=true`, 'application/cloudevents-batch+json', batch);
}

export const cloudEvent = (id: string, type: string, data: unknown) => ({
  specversion: '1.0',
  id,
  source: SOURCE,
  type,
  time: '2023-12-01T09:30:00Z',
  data,
});

/** The end of each service's log, to explain a failure. */
export async function logsOf(topology: Topology, names: readonly string[], lines = 30): Promise<string> {
  const logs = names.map(async (name) => {
    const text = await readFile(topology.logFile(name), 'utf8').catch(() => '');
    const telling = text.split('\n').filter((line) => line !== '' && !line.includes('/health/ready'));
    return `── ${name}\n${telling.slice(-lines).join('\n')}`;
  });
  return (await Promise.all(logs)).join('\n');
}
