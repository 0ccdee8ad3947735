import type { Topology } from '#scripts/stack/topology.mjs';
import { AUTHORIZATION } from '#test/topology/startTopology';

/** What each service counts of its own work: the histogram of one step, a batch a time. */
const STEPS = {
  shipments: { metric: 'lading_journal_append_seconds', step: 'appends' },
  relay: { metric: 'lading_relay_publish_seconds', step: 'sends' },
  projector: { metric: 'lading_projection_apply_seconds', step: 'batches applied' },
  query: { metric: undefined, step: undefined },
} as const;

type Service = keyof typeof STEPS;
type Sample = Readonly<Record<'cpu' | 'count' | 'seconds', number>>;

/** What the services' metrics say of a stretch of time: the cores that each of them took, and how long its step lasts. */
export class WhereTimeGoes {
  readonly #topology: Topology;
  readonly #began = performance.now();
  readonly #before: ReadonlyMap<Service, Sample>;

  private constructor(topology: Topology, before: ReadonlyMap<Service, Sample>) {
    this.#topology = topology;
    this.#before = before;
  }

  static async from(topology: Topology): Promise<WhereTimeGoes> {
    return new WhereTimeGoes(topology, await sampled(topology));
  }

  /** Since `from`, for people: `shipments 0.30 cores, 9,689 appends of 2.2 ms; …`. */
  async told(): Promise<string> {
    const seconds = (performance.now() - this.#began) / 1_000;
    const parts = [...(await sampled(this.#topology))].map(([service, now]) => {
      const before = this.#before.get(service) ?? { cpu: 0, count: 0, seconds: 0 };
      const cores = `${service} ${((now.cpu - before.cpu) / seconds).toFixed(2)} cores`;
      const count = now.count - before.count;
      if (count === 0) return cores;
      const each = ((now.seconds - before.seconds) / count) * 1_000;
      return `${cores}, ${count.toLocaleString('en-US')} ${STEPS[service].step ?? ''} of ${each.toFixed(1)} ms`;
    });
    return parts.join('; ');
  }
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
        return [service, { cpu: read('process_cpu_seconds_total'), count, seconds }];
      }),
    ),
  );
}
