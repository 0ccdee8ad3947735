import { Agent } from 'node:http';
import { type RunningTopology, startTopology } from '#test/topology/startTopology';
import { kafkaAlone } from './endToEnd/kafkaAlone.ts';
import { openLoop } from './endToEnd/openLoop.ts';
import { Sightings } from './endToEnd/sightings.ts';
import { type Answered, eventText, submit } from './endToEnd/submissions.ts';
import { WhereTimeGoes } from './endToEnd/whereTimeGoes.ts';
import { below, type Figure } from './figure.ts';
import { percentile } from './percentile.ts';

export const name = 'end-to-end';

const PER_SECOND = Number(process.env.LADING_BENCH_RATE ?? 1_000);
const WARM_SECONDS = 5;
const SECONDS = Number(process.env.LADING_BENCH_SECONDS ?? 20);
const LIMIT_SECONDS = 5;
const CONNECTIONS = 64;
const PATIENCE_MS = 120_000;

/**
 * From submission to visible in the query, on the real topology: an HTTP request an event to the shipments service, journal, relay,
 * Kafka, projector, and the answer of the query service in which the event is counted. Each service is a process, PostgreSQL
 * with fsync on; client and servers are on one machine. The limit is what Kafka alone takes, before and after.
 */
export async function run(): Promise<Figure[]> {
  const services = { shipments: 'shipments', relay: 'relay', projector: 'projector', query: 'query' };
  const nodeOptions = (process.env.LADING_BENCH_NODE_OPTIONS ?? '').split(' ').filter((option) => option !== '');
  const running = await startTopology(services, { env: { LOG_LEVEL: 'warn' }, nodeOptions });
  try {
    const { brokers } = running.topology;
    const limit = await kafkaAlone(brokers, PER_SECOND, PER_SECOND * LIMIT_SECONDS);
    const { latencies, cpuPerEvent } = await submissionToVisible(running);
    limit.push(...(await kafkaAlone(brokers, PER_SECOND, PER_SECOND * LIMIT_SECONDS)));
    const figure = (share: number, bound: number) =>
      below(
        `submission to visible at ${PER_SECOND} events/s, p${share * 100}`,
        'ms',
        rounded(percentile(latencies, share)),
        bound,
        rounded(percentile(limit, share)),
      );
    const cpu = below(`CPU of all processes an event, at ${PER_SECOND} events/s`, 'ms', cpuPerEvent, 0.8);
    return [cpu, figure(0.5, 50), figure(0.99, 150)];
  } finally {
    await running.stop();
  }
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

interface Sent {
  readonly planned: number;
  readonly answered: Promise<Answered>;
}

interface Measured {
  /** Milliseconds from the moment at which each event was due. */
  readonly latencies: number[];
  /** Milliseconds of processor time, of all services and both servers. */
  readonly cpuPerEvent: number;
}

async function submissionToVisible({ topology }: RunningTopology): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const watcher = new Agent({ keepAlive: true });
  const sightings = new Sightings(topology.url('query'), watcher);
  const url = topology.url('shipments');
  const sent: Sent[] = [];
  const load = (events: number): Promise<void> => {
    const before = sent.length;
    return openLoop(PER_SECOND, events, (n, planned) => {
      const answered = submit(url, agent, eventText(before + n, PER_SECOND));
      answered.catch(() => undefined);
      sent.push({ planned, answered });
    });
  };
  const lastSequence = async (): Promise<number> => {
    const answers = await Promise.all(sent.map(({ answered }) => answered));
    return answers.reduce((last, { sequence }) => Math.max(last, sequence), 0);
  };
  sightings.watch();
  // What is compiled, and what is waited for because it was not yet, is over before anything is counted.
  await load(PER_SECOND * WARM_SECONDS);
  await sightings.reach(await lastSequence(), PATIENCE_MS);
  const time = await WhereTimeGoes.from(topology);
  const warm = sent.length;
  await load(PER_SECOND * SECONDS);
  await sightings.reach(await lastSequence(), PATIENCE_MS);
  const cpuPerEvent = Math.round((time.cpuMilliseconds() / (sent.length - warm)) * 1_000) / 1_000;
  console.error(`bench: ${await time.told(sent.length - warm)}`);
  await sightings.end();
  agent.destroy();
  watcher.destroy();

  const answers = await Promise.all(sent.map(({ answered }) => answered));
  const measured = answers.map(({ sequence, at }, n) => {
    const planned = sent[n]?.planned ?? 0;
    return { answered: at - planned, visible: sightings.at(sequence) - planned };
  });
  const steady = measured.slice(warm);
  const [answered, visible] = [steady.map((one) => one.answered), steady.map((one) => one.visible)];
  console.error(
    `bench: answered p50 ${rounded(percentile(answered, 0.5))} ms, p99 ${rounded(percentile(answered, 0.99))} ms; the rest is its way to the query`,
  );
  return { latencies: visible, cpuPerEvent };
}
