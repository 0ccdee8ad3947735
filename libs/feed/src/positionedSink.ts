import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { transaction } from '#platform/database/transaction';
import type { Applied, Hint, Sink } from './feed.ts';
import { type FeedEvent, wholeRun } from './feedEvent.ts';
import { isPoison, reasonFrom } from './poison.ts';

type Db = Pick<pg.ClientBase, 'query'>;

/**
 * The table of a consumer's positions, one row a ledger. `sequence` is the truth; `partition`, `offset` and `log` are a hint.
 * `since` is when the ledger began to stand still, for `reason`.
 * `recorded` is the recorded time of the last event applied, `head` the newest sequence that the source is known to hold.
 * @param own a column of the consumer, which moves with the position
 */
export const positionsTable = (own = ''): string => `
  CREATE TABLE positions (
    ledger text COLLATE "C" NOT NULL PRIMARY KEY, sequence bigint NOT NULL DEFAULT 0,${own === '' ? '' : ` ${own},`}
    recorded timestamptz, applied timestamptz, head bigint, head_at timestamptz,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'hole', 'parked')), reason text, since timestamptz,
    partition int, "offset" text, log text
  ) WITH (fillfactor = 50);`;

/** Values of the columns that a consumer adds to the table of its positions. */
type OwnColumns = Readonly<Record<string, unknown>>;

/** How far one consumer has come in one ledger, with the columns of its own. */
export type Position<Own extends OwnColumns> = Own & {
  /** The last sequence applied. */
  readonly sequence: number;
};

interface PositionedSinkOptions<Own extends OwnColumns> {
  readonly pool: pg.Pool;
  /** The schema in which the table of positions is. */
  readonly schema: string;
  /** The columns of its own that the table of positions has. */
  readonly own?: readonly (keyof Own & string)[];
  /** Statements at the beginning of the transaction that applies these events. */
  readonly settings?: string | ((events: readonly FeedEvent[]) => string);
}

/** What became of events inside the transaction. */
export interface Consumed<Own extends OwnColumns = OwnColumns> {
  /** Stored with the position. */
  readonly own: Own;
  /** Called after the COMMIT, with the seconds that the whole batch took. */
  readonly committed?: (seconds: number) => Promise<void>;
}

/**
 * A consumer that keeps what it makes of events in PostgreSQL, and its positions beside that. Every batch is one transaction on
 * one ledger: exactly once by sequence, whatever the feed repeats, leaves out, or sends from a process that is thought dead.
 */
export abstract class PositionedSink<Own extends OwnColumns = OwnColumns> implements Sink {
  readonly #options: PositionedSinkOptions<Own>;
  readonly #table: string;

  constructor(options: PositionedSinkOptions<Own>) {
    this.#options = options;
    this.#table = `${options.schema}.positions`;
  }

  /**
   * Applies events that follow the position without a gap, in the transaction that moves it.
   * @throws PoisonEvent, or an error of the database about values, for an event that can never be applied: the ledger is parked
   *   before it. After any other error the same events come again
   */
  protected abstract consume(
    db: Db,
    ledger: string,
    events: readonly LedgerEvent[],
    position: Position<Own>,
  ): Promise<Consumed<Own>>;

  async positions(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#options.pool.query<{ ledger: string; sequence: number }>(
      `SELECT ledger, sequence FROM ${this.#table}`,
    );
    return new Map(rows.map(({ ledger, sequence }) => [ledger, sequence]));
  }

  async hints(): Promise<readonly Hint[]> {
    const { rows } = await this.#options.pool.query<Hint>(
      `SELECT partition, "offset", log FROM ${this.#table} WHERE partition IS NOT NULL`,
    );
    return rows;
  }

  /** A ledger that is parked is tried again whenever events come: the feed says when. */
  async apply(ledger: string, events: readonly FeedEvent[], hint?: Hint): Promise<Applied> {
    return this.#applyHalves(ledger, events, hint);
  }

  async park(ledger: string, reason: string): Promise<void> {
    await this.#stop(ledger, 'parked', reason);
  }

  async stopAtHole(ledger: string, sequence: number, got: number): Promise<void> {
    await this.#stop(ledger, 'hole', `event ${sequence + 1} is missing; the next one there is ${got}`);
  }

  /** It waits for nobody: the row may be locked for as long as a large atomic batch takes, and other ledgers come after this one. */
  async head(ledger: string, sequence: number, at: Date): Promise<void> {
    const values = [ledger, sequence, at];
    const { rowCount } = await this.#options.pool.query(
      `UPDATE ${this.#table} SET head = greatest(head, sequence, $2), head_at = $3
       WHERE ledger = (SELECT ledger FROM ${this.#table} WHERE ledger = $1 FOR UPDATE SKIP LOCKED)`,
      values,
    );
    if (rowCount !== 0) return;
    await this.#options.pool.query(
      `INSERT INTO ${this.#table} (ledger, head, head_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      values,
    );
  }

  /**
   * A batch with an event that cannot be applied is halved until that event is found: all events before it are applied, then the
   * ledger stands still. An atomic batch is not cut, so nobody sees half of it.
   */
  async #applyHalves(ledger: string, events: readonly FeedEvent[], hint: Hint | undefined): Promise<Applied> {
    const half = cutOf(events);
    try {
      return await this.#applyBatch(ledger, events, hint);
    } catch (error) {
      if (!isPoison(error)) throw error;
      if (half >= events.length) return this.#parkAt(ledger, events[0], error as Error);
    }
    const before = await this.#applyHalves(ledger, events.slice(0, half), undefined);
    return before.outcome === 'applied' ? this.#applyHalves(ledger, events.slice(half), hint) : before;
  }

  async #applyBatch(ledger: string, events: readonly FeedEvent[], hint: Hint | undefined): Promise<Applied> {
    const { pool, settings } = this.#options;
    const began = performance.now();
    const { applied, committed } = await transaction(
      pool,
      async (db) => {
        const position = await this.#lock(db, ledger);
        const { fresh, got } = nextOf(events, position.sequence);
        const last = fresh.at(-1);
        const consumed = last === undefined ? undefined : await this.consume(db, ledger, fresh, position);
        if (consumed !== undefined) await this.#move(db, last, consumed.own);
        if (got === undefined && hint !== undefined) await this.#storeHint(db, ledger, hint);
        const sequence = last?.sequence ?? position.sequence;
        const applied: Applied =
          got === undefined ? { outcome: 'applied', sequence } : { outcome: 'hole', sequence, got };
        return { applied, committed: consumed?.committed };
      },
      typeof settings === 'function' ? settings(events) : settings,
    );
    await committed?.((performance.now() - began) / 1_000);
    return applied;
  }

  /** Locks the position for the transaction. It fences: who comes second sees what the first applied, and skips that. */
  async #lock(db: Db, ledger: string): Promise<Position<Own>> {
    const columns = ['sequence', ...(this.#options.own ?? [])].join(', ');
    const lock = {
      name: `${this.#table}-lock`,
      text: `SELECT ${columns} FROM ${this.#table} WHERE ledger = $1 FOR UPDATE`,
      values: [ledger],
    };
    const locked = (await db.query<Position<Own>>(lock)).rows[0];
    if (locked !== undefined) return locked;
    await db.query(`INSERT INTO ${this.#table} (ledger) VALUES ($1) ON CONFLICT DO NOTHING`, [ledger]);
    const made = (await db.query<Position<Own>>(lock)).rows[0];
    if (made === undefined) throw new Error(`the position of ledger ${ledger} went away while it was being locked`);
    return made;
  }

  /** Moves the position to an event; a ledger that stood still runs again. */
  async #move(db: Db, to: LedgerEvent | undefined, own: Own): Promise<void> {
    const names = this.#options.own ?? [];
    await db.query({
      name: `${this.#table}-move`,
      text: `UPDATE ${this.#table} SET sequence = $2, recorded = $3, applied = clock_timestamp(), head = greatest(head, $2),
         state = 'running', reason = NULL, since = NULL${names.map((name, index) => `, ${name} = $${index + 4}`).join('')} WHERE ledger = $1`,
      values: [to?.ledger, to?.sequence, to?.recordedtime, ...names.map((name) => own[name])],
    });
  }

  async #storeHint(db: Db, ledger: string, { partition, offset, log }: Hint): Promise<void> {
    await db.query({
      name: `${this.#table}-hint`,
      text: `UPDATE ${this.#table} SET partition = $2, "offset" = $3, log = $4 WHERE ledger = $1`,
      values: [ledger, partition, offset, log],
    });
  }

  async #parkAt(ledger: string, at: FeedEvent | undefined, error: Error): Promise<Applied> {
    const reason = reasonFrom(`event ${at?.sequence ?? '?'} (${at?.event.type ?? '?'}) cannot be applied`, error);
    await this.park(ledger, reason);
    return { outcome: 'parked', sequence: (await this.positions()).get(ledger) ?? 0, reason };
  }

  async #stop(ledger: string, state: 'hole' | 'parked', reason: string): Promise<void> {
    await this.#options.pool.query(
      `INSERT INTO ${this.#table} AS p (ledger, state, reason, since) VALUES ($1, $2, $3, now())
       ON CONFLICT (ledger) DO UPDATE SET state = excluded.state, reason = excluded.reason,
         since = CASE WHEN p.reason = excluded.reason THEN p.since ELSE excluded.since END`,
      [ledger, state, reason],
    );
  }
}

/** The events of a batch that come next: none that was applied before, and none after a hole (`got` is the event behind it). */
function nextOf(events: readonly FeedEvent[], after: number): { fresh: LedgerEvent[]; got?: number } {
  const fresh: LedgerEvent[] = [];
  for (const { sequence, event } of events) {
    const next = after + fresh.length + 1;
    if (sequence > next) return { fresh, got: sequence };
    if (sequence === next) fresh.push(event);
  }
  return { fresh };
}

/** Where about half of the events end, between two that were not recorded as one; all of them when all were. */
function cutOf(events: readonly FeedEvent[]): number {
  const half = wholeRun(events, events.length >> 1).length;
  return half < events.length ? half : Math.max(1, wholeRun(events, 1).length);
}
