import { feedHoles, feedLagEvents, feedLagSeconds, projectionParked } from '#platform/watching/metrics';
import type { FeedObserver } from './observer.ts';

/** Shows in `/metrics` how far a consumer is behind; `consumer` is its name in status, as `projector`. */
export function feedMetrics(consumer: string): FeedObserver {
  return {
    lag(ledger, events, seconds) {
      feedLagEvents.set({ consumer, ledger }, events);
      feedLagSeconds.set({ consumer, ledger }, seconds);
    },
    hole() {
      feedHoles.inc({ consumer });
    },
    parked(ledger) {
      projectionParked.set({ ledger }, 1);
    },
    unparked(ledger) {
      projectionParked.set({ ledger }, 0);
    },
  };
}
