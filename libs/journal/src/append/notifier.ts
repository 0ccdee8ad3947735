import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** The channel on which readers hear that a ledger has new events; the payload is the ledger's id. */
export const EVENTS_CHANNEL = 'lading_events';

/** The least time between two notifications of one ledger: under load they would cost every batch what a statement costs. */
const PAUSE_MS = 10;

/**
 * Tells readers about new events after they were committed: inside the append's transaction NOTIFY would serialise all
 * commits of the database. A hint that may be lost: readers poll underneath. The first commit is told of at once; any number
 * of commits within the pause after it become one more notification.
 */
export class Notifier {
  /** The ledgers that were told of just now, and whether there is more to tell. */
  private readonly more = new Map<string, boolean>();

  constructor(private readonly pool: pg.Pool) {}

  committed(ledger: string): void {
    if (this.more.has(ledger)) this.more.set(ledger, true);
    else void this.send(ledger);
  }

  private async send(ledger: string): Promise<void> {
    do {
      this.more.set(ledger, false);
      const notify = { name: 'journal-notify', text: 'SELECT pg_notify($1, $2)', values: [EVENTS_CHANNEL, ledger] };
      await this.pool.query(notify).catch(() => undefined);
      await sleep(PAUSE_MS);
    } while (this.more.get(ledger) === true);
    this.more.delete(ledger);
  }
}
