import type { Metric } from 'prom-client';
import { registry } from './metrics.ts';

/** One series of durations. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** The upper bounds of the buckets, in seconds. */
  readonly bounds: readonly number[];
  /** How many fell into each bucket, and beyond the last one. Whoever measures counts here. */
  readonly counts: number[];
  /** Seconds. */
  sum: number;
}

/**
 * A histogram for what is measured with every request. That of prom-client checks and hashes its labels at each observation, which took a
 * tenth of the time of a short answer; what it shows is the same.
 */
export class Durations {
  readonly type = 'histogram';
  readonly #series = new Map<string, Series>();

  constructor(
    readonly name: string,
    readonly help: string,
    private readonly bounds: readonly number[],
  ) {
    registry.registerMetric(this as unknown as Metric);
  }

  /** The series with these labels, whose names are the same in all of them: kept by whoever measures often. */
  of(labels: Readonly<Record<string, string>>): Series {
    const key = JSON.stringify(Object.values(labels));
    const { bounds } = this;
    const found = this.#series.get(key) ?? { labels, bounds, counts: [...bounds, Infinity].map(() => 0), sum: 0 };
    this.#series.set(key, found);
    return found;
  }

  /** What prom-client asks a metric for. */
  get(): object {
    const { name, help, type } = this;
    const values = [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let count = 0;
      const buckets = counts.map((one, at) => ({
        ...{ labels: { le: this.bounds[at] ?? '+Inf', ...labels }, metricName: `${name}_bucket` },
        value: (count += one),
      }));
      return [
        ...buckets,
        { labels, metricName: `${name}_sum`, value: sum },
        { labels, metricName: `${name}_count`, value: count },
      ];
    });
    return { name, help, type, aggregator: 'sum', values };
  }
}
