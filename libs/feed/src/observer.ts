import { counter, gauge } from '#platform/watching/metrics';

/** Where a feed writes what an operator must read; pino and Nest's PinoLogger fit as they are. */
export interface FeedLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

const nothing = (): void => undefined;
export const silent: FeedLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** What happens in a feed, for metrics. Called often: keep it short, never throw. */
export interface FeedObserver {
  /** Events that came again and were skipped. */
  skipped?(ledger: string, events: number): void;
  /** How far the ledger is behind what the source is known to hold, and how old the last applied event is then. */
  lag?(ledger: string, events: number, seconds: number): void;
  /** A hole was seen; it is filled, or the ledger is parked. */
  hole?(ledger: string, sequence: number, got: number): void;
}

const lagEvents = gauge('lading_feed_lag_events', "Events between a ledger's head and a consumer", [
  'consumer',
  'ledger',
]);
const lagSeconds = gauge('lading_feed_lag_seconds', 'Age of the oldest event that a consumer has not applied', [
  'consumer',
  'ledger',
]);
const holes = counter('lading_feed_holes_total', 'Times that a consumer found a sequence missing', ['consumer']);

/**
 * Shows in `/metrics` how far a consumer is behind; `consumer` is its name in status, as `projector`.
 * @param measured whether it is to be shown now
 */
export function feedMetrics(consumer: string, measured = () => true): Required<Omit<FeedObserver, 'skipped'>> {
  return {
    lag(ledger, events, seconds) {
      if (!measured()) return;
      lagEvents.set({ consumer, ledger }, events);
      lagSeconds.set({ consumer, ledger }, seconds);
    },
    hole() {
      if (measured()) holes.inc({ consumer });
    },
  };
}
