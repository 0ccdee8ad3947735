import { relayEvents, relayLeading, relayPublishSeconds } from '#platform/watching/metrics';

/** What the relay does, for metrics. */
export interface RelayObserver {
  leading?(leading: boolean): void;
  /** A batch was acknowledged. */
  published?(batch: { readonly seconds: number; readonly events: ReadonlyMap<string, number> }): void;
}

export const relayMetrics: RelayObserver = {
  leading(leading) {
    relayLeading.set(leading ? 1 : 0);
  },
  published({ seconds, events }) {
    relayPublishSeconds.observe(seconds);
    for (const [ledger, count] of events) relayEvents.inc({ ledger }, count);
  },
};
