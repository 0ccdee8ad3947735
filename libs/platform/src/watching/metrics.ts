import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The metrics that `/metrics` of this process shows. Names follow Prometheus: base units, and `_total` for what only grows. */
export const registry = new Registry();

/** Buckets, in seconds, for durations that should be milliseconds. */
export const FAST = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

// A metric is declared in the file that measures it, with one of these three functions.
export const histogram = <T extends string>(name: string, help: string, buckets: number[], labelNames: T[] = []) =>
  new Histogram({ name, help, buckets, labelNames, registers: [registry] });
/** @param collect sets the value when `/metrics` is requested, where that is cheaper than setting it at every change */
export const gauge = <T extends string>(
  name: string,
  help: string,
  labelNames: T[] = [],
  collect?: (this: Gauge<T>) => void,
) => new Gauge({ name, help, labelNames, registers: [registry], ...(collect && { collect }) });
export const counter = <T extends string>(name: string, help: string, labelNames: T[] = []) =>
  new Counter({ name, help, labelNames, registers: [registry] });

let watching = false;

/** Adds Node's own metrics: memory, event loop lag, garbage collection. */
export function watchProcess(): void {
  if (watching) return;
  watching = true;
  collectDefaultMetrics({ register: registry });
}

/**
 * The metrics as Prometheus reads them. Values of the ledgers that may not be named are added up, under no name; of seconds the largest
 * is shown.
 */
export async function metricsText(mayName: (ledger: string) => boolean): Promise<string> {
  const texts = registry.getMetricsAsArray().map(async ({ name }) => {
    const metric = registry.getSingleMetric(name);
    const found = await metric?.get();
    if (found?.values.some(({ labels }) => 'ledger' in labels) !== true) return registry.getSingleMetricAsString(name);
    const values = found.values.map(({ labels: { ledger, ...labels }, ...value }) => ({
      ...value,
      labels: ledger === undefined || mayName(String(ledger)) ? { ...labels, ledger } : labels,
    }));
    const aggregator = name.endsWith('_seconds') && metric instanceof Gauge ? 'max' : 'sum';
    return AggregatorRegistry.aggregate([[{ ...found, values, aggregator }]]).getSingleMetricAsString(name);
  });
  return `${(await Promise.all(texts)).join('\n\n')}\n`;
}
