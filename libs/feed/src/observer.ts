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
  /** `events` more are applied, the ledger stands at `sequence`. */
  applied?(ledger: string, events: number, sequence: number): void;
  /** Events that came again and were skipped. */
  skipped?(ledger: string, events: number): void;
  /** How far the ledger is behind what the source is known to hold, and how old the last applied event is then. */
  lag?(ledger: string, events: number, seconds: number): void;
  /** A hole was seen; it is filled, or the ledger is parked. */
  hole?(ledger: string, sequence: number, got: number): void;
  parked?(ledger: string): void;
  unparked?(ledger: string): void;
  /** Something failed and is tried again. */
  retried?(error: unknown): void;
}
