import type { Topology } from '#scripts/stack/topology.mjs';
import { cpuSeconds } from './processCpu.ts';
import { AUTHORIZATION } from '#test/topology/startTopology';

/** What each service counts of its own work: the histogram of one step, a batch a time. */
const STEPS = {
  shipments: { metric: 'lading_journal_append_seconds', step: 'appends' },
  relay: { metric: 'lading_relay_publish_seconds', step: 'sends' },
  projector: { metric: 'lading_projection_apply_seconds', step: 'batches applied' },
  query: { metric: undefined, step: undefined },
} as const;

type Service = keyof typeof STEPS;
type Sample = Readonly<Record<'count' | 'seconds', number>>;

/** What each process took of a stretch of time, and how long the steps of the services last. */
export class WhereTimeGoes {
  readonly #topology: Topology;
  readonly #before: ReadonlyMap<Service, Sample>;
  readonly #cpuBefore: ReadonlyMap<string, number>;

  private constructor(topology: Topology, before: ReadonlyMap<Service, Sample>) {
    this.#topology = topology;
    this.#before = before;
    this.#cpuBefore = cpuOf(topology);
  }

  static async from(topology: Topology): Promise<WhereTimeGoes> {
    return new WhereTimeGoes(topology, await sampled(topology));
  }

  /** Processor milliseconds since `from`, of all processes together; NaN where the system does not tell. */
  cpuMilliseconds(): number {
    return this.#cpu().reduce((sum, { milliseconds }) => sum + milliseconds, 0) || NaN;
  }

  /** Since `from`, for people: `CPU of an event: PostgreSQL 0.50 ms, shipments 0.41 ms, …; 9,689 appends of 2.2 ms; …`. */
  async told(events: number): Promise<string> {
    const cpu = this.#cpu()
      .toSorted((a, b) => b.milliseconds - a.milliseconds)
      .map(({ name, milliseconds }) => `${name} ${(milliseconds / events).toFixed(3)} ms`);
    const steps = [...(await sampled(this.#topology))].flatMap(([service, now]) => {
      const before = this.#before.get(service) ?? { count: 0, seconds: 0 };
      const count = now.count - before.count;
      if (count === 0) return [];
      const each = ((now.seconds - before.seconds) / count) * 1_000;
      return [`${count.toLocaleString('en-US')} ${STEPS[service].step ?? ''} of ${each.toFixed(1)} ms`];
    });
    return [`CPU of an event: ${cpu.join(', ')}`, ...steps].join('; ');
  }

  #cpu(): { readonly name: string; readonly milliseconds: number }[] {
    return [...cpuOf(this.#topology)].map(([name, seconds]) => ({
      name,
      milliseconds: (seconds - (this.#cpuBefore.get(name) ?? 0)) * 1_000,
    }));
  }
}

/** By the name of the process: the services, PostgreSQL and Kafka. */
function cpuOf({ members }: Topology): Map<string, number> {
  const processes = members.map(({ name, pid }) => ({ name, pid }));
  const seconds = cpuSeconds(processes.map(({ pid }) => pid)) ?? [];
  return new Map(processes.map(({ name }, n) => [name, seconds[n] ?? 0]));
}

async function sampled(topology: Topology): Promise<Map<Service, Sample>> {
  const services = Object.keys(STEPS) as Service[];
  return new Map(
    await Promise.all(
      services.map(async (service): Promise<[Service, Sample]> => {
        const { metric } = STEPS[service];
        const response = await fetch(`${topology.url(service)}/metrics`, { headers: AUTHORIZATION });
        const text = await response.text();
        const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
        const [count, seconds] = metric === undefined ? [0, 0] : [read(`${metric}_count`), read(`${metric}_sum`)];
        return [service, { count, seconds }];
      }),
    ),
  );
}
