import type pg from 'pg';
import type { Draft } from './draft.ts';
import { isPipelined } from './sql/inOrder.ts';
import { insertEvents } from './sql/insertEvents.ts';

/**
 * Events that one statement writes while the next ones are being decided. PostgreSQL takes about twice as long to insert an
 * event as this process takes to decide about it, so the first few are enough to keep it busy, and it gets them early.
 */
const FIRST_CHUNK = 16;
const CHUNK = 64;

/** Writes a draft's events while it grows: PostgreSQL inserts the first ones while this process decides about the next. */
export class DraftWriter {
  private readonly sent: Promise<void>[] = [];
  private written = 0;

  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledger: string,
    private readonly recorded: string,
    private readonly draft: Draft,
  ) {}

  /** Between two commands: what was drafted so far stays. Without a pipeline the next statement would have to wait. */
  grown(): void {
    const chunk = this.written === 0 ? FIRST_CHUNK : CHUNK;
    if (this.draft.size - this.written >= chunk && isPipelined(this.client)) this.send();
  }

  /** Resolves when all of it is written; fails when any of it could not be. */
  async finish(): Promise<void> {
    if (this.draft.size > this.written) this.send();
    await Promise.all(this.sent);
  }

  private send(): void {
    const sent = insertEvents(this.client, this.ledger, this.recorded, this.draft.rows(this.written));
    // The error is told by `finish`, or by an earlier statement that fails because of it.
    sent.catch(() => undefined);
    this.sent.push(sent);
    this.written = this.draft.size;
  }
}
