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

const PER_SECOND = 1_000;
const WARM_SECONDS = 5;
const SECONDS = 20;
const LIMIT_SECONDS = 5;
const CONNECTIONS = 64;

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
    const latencies = await submissionToVisible(running);
    limit.push(...(await kafkaAlone(brokers, PER_SECOND, PER_SECOND * LIMIT_SECONDS)));
    const figure = (share: number, bound: number) =>
      below(
        `submission to visible at ${PER_SECOND} events/s, p${share * 100}`,
        'ms',
        rounded(percentile(latencies, share)),
        bound,
        rounded(percentile(limit, share)),
      );
    return [figure(0.5, 50), figure(0.99, 150)];
  } finally {
    await running.stop();
  }
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

interface Sent {
  readonly planned: number;
  readonly answered: Promise<Answered>;
}

/** Milliseconds from the moment at which each event was due. */
async function submissionToVisible({ topology }: RunningTopology): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const watcher = new Agent({ keepAlive: true });
  const sightings = new Sightings(topology.url('query'), watcher);
  const url = topology.url('shipments');
  const sent: Sent[] = [];
  const time = await WhereTimeGoes.from(topology);
  sightings.watch();
  await openLoop(PER_SECOND, PER_SECOND * (WARM_SECONDS + SECONDS), (n, planned) => {
    const answered = submit(url, agent, eventText(n, PER_SECOND));
    answered.catch(() => undefined);
    sent.push({ planned, answered });
  });
  const answers = await Promise.all(sent.map(({ answered }) => answered));
  await sightings.until(Math.max(...answers.map(({ sequence }) => sequence)), 30_000);
  console.error(`bench: ${await time.told()}`);
  agent.destroy();
  watcher.destroy();

  const measured = answers.map(({ sequence, at }, n) => {
    const planned = sent[n]?.planned ?? 0;
    return { answered: at - planned, visible: sightings.at(sequence) - planned };
  });
  const steady = measured.slice(PER_SECOND * WARM_SECONDS);
  const [answered, visible] = [steady.map((one) => one.answered), steady.map((one) => one.visible)];
  console.error(
    `bench: answered p50 ${rounded(percentile(answered, 0.5))} ms, p99 ${rounded(percentile(answered, 0.99))} ms; the rest is its way to the query`,
  );
  return visible;
}
