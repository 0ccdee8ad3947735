import type pg from 'pg';

/** The channel on which readers hear that a ledger has new events; the payload is the ledger's id. */
export const EVENTS_CHANNEL = 'lading_events';

/**
 * Tells readers about new events after they were committed: inside the append's transaction NOTIFY would serialise all
 * commits of the database. A hint that may be lost: readers poll underneath. While one notification is on its way, any
 * number of commits to that ledger become one more.
 */
export class Notifier {
  private readonly pending = new Map<string, boolean>();

  constructor(private readonly pool: pg.Pool) {}

  committed(ledger: string): void {
    if (this.pending.has(ledger)) this.pending.set(ledger, true);
    else void this.send(ledger);
  }

  private async send(ledger: string): Promise<void> {
    do {
      this.pending.set(ledger, false);
      await this.pool.query('SELECT pg_notify($1, $2)', [EVENTS_CHANNEL, ledger]).catch(() => undefined);
    } while (this.pending.get(ledger) === true);
    this.pending.delete(ledger);
  }
}
