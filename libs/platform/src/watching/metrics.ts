import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What `/metrics` of this process shows. Names follow Prometheus: base units, `_total` for what only grows. */
export const registry = new Registry();

/** Buckets for seconds of what should take milliseconds. */
export const FAST = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

// A metric is declared in the file that measures it, with one of these.
export const histogram = <T extends string>(name: string, help: string, buckets: number[], labelNames: T[] = []) =>
  new Histogram({ name, help, buckets, labelNames, registers: [registry] });
/** @param collect sets it when `/metrics` is asked for, where that is cheaper than setting it at every change */
export const gauge = <T extends string>(
  name: string,
  help: string,
  labelNames: T[] = [],
  collect?: (this: Gauge<T>) => void,
) => new Gauge({ name, help, labelNames, registers: [registry], ...(collect && { collect }) });
export const counter = <T extends string>(name: string, help: string, labelNames: T[] = []) =>
  new Counter({ name, help, labelNames, registers: [registry] });

/** By the route's template, never by what was asked: a label's values must be few. */
export const httpRequestSeconds = histogram('lading_http_request_seconds', 'From a request to its whole answer', FAST, [
  'method',
  'route',
  'status',
]);

export const relayPublishSeconds = histogram('lading_relay_publish_seconds', 'One batch sent and acknowledged', FAST);
export const relayEvents = counter('lading_relay_events_total', 'Events sent and acknowledged', ['ledger']);
export const relayLeading = gauge('lading_relay_leading', '1 in the relay that publishes, 0 in one that stands by');

export const feedLagEvents = gauge('lading_feed_lag_events', "Events between a ledger's head and a consumer", [
  'consumer',
  'ledger',
]);
export const feedLagSeconds = gauge(
  'lading_feed_lag_seconds',
  'Age of the oldest event that a consumer has not applied',
  ['consumer', 'ledger'],
);
export const feedHoles = counter('lading_feed_holes_total', 'Times that a consumer found a sequence missing', [
  'consumer',
]);
export const projectionApplySeconds = histogram(
  'lading_projection_apply_seconds',
  'One batch applied to all read models, to the acknowledged COMMIT',
  FAST,
);
export const projectionEvents = counter('lading_projection_events_total', 'Events applied to the read models', [
  'version',
]);
export const projectionParked = gauge('lading_projection_parked', '1 while a ledger is parked or waits at a hole', [
  'ledger',
]);

let watching = false;

/** Adds what Node tells about itself: memory, event loop lag, garbage collection. */
export function watchProcess(): void {
  if (watching) return;
  watching = true;
  collectDefaultMetrics({ register: registry });
}
