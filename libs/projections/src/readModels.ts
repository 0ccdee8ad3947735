import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Applied, Hint, Sink } from '#feed/feed';
import { type FeedEvent, wholeRun } from '#feed/feedEvent';
import { counter, FAST, histogram } from '#platform/watching/metrics';
import { batchOf } from './engine/batch.ts';
import { applyModels } from './models.ts';
import { LedgerState } from './engine/ledgerState.ts';
import { microseconds } from './engine/values.ts';
import { isPoison } from './engine/poison.ts';
import { lockPosition, movePosition, type Position, storeHint } from './engine/position.ts';
import type { Db } from './reading/readModel.ts';
import { schemaOf } from './schemaOf.ts';

/** Told after every commit that brought a ledger forward; the payload is the ledger. */
export const APPLIED_CHANNEL = 'lading_applied';

const applySeconds = histogram(
  'lading_projection_apply_seconds',
  'One batch applied to all read models, to the acknowledged COMMIT',
  FAST,
);
const appliedEvents = counter('lading_projection_events_total', 'Events applied to the read models', ['version']);

/** Accounts whose orders stay in memory, over all ledgers of a process: about 40 MB at most. */
const REMEMBERED_ACCOUNTS = 100_000;

/**
 * One version of the read models, as what a feed is fed into. Every batch is one transaction on one ledger: exactly once by
 * sequence, whatever the feed repeats, leaves out or sends from a process that is thought dead.
 */
export class ReadModels implements Sink {
  readonly version: number;
  readonly #pool: pg.Pool;
  readonly #begin: string;
  readonly #states = new Map<string, LedgerState>();
  /** Ledgers that this process found an event of that it cannot apply. The next process, which may know better, tries again. */
  readonly #parked = new Map<string, string>();

  constructor(pool: pg.Pool, version: number) {
    this.#pool = pool;
    this.version = version;
    // A lost tail is applied again, since its position is lost with it: so no commit waits for the disk. A table that grows from nothing
    // within minutes has no statistics, and the planner took to reading the whole of it for every batch. Every statement here names
    // the keys it wants (`= ANY`), so that an index is always the way to them.
    this.#begin = `BEGIN; SET LOCAL search_path TO ${schemaOf(version)}; SET LOCAL synchronous_commit TO off; SET LOCAL enable_seqscan TO off`;
  }

  async positions(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#pool.query<{ ledger: string; sequence: number }>(
      `SELECT ledger, sequence FROM ${schemaOf(this.version)}.positions`,
    );
    return new Map(rows.map(({ ledger, sequence }) => [ledger, sequence]));
  }

  async hints(): Promise<readonly Hint[]> {
    const { rows } = await this.#pool.query<Hint>(
      `SELECT partition, "offset", log FROM ${schemaOf(this.version)}.positions WHERE partition IS NOT NULL`,
    );
    return rows;
  }

  async apply(ledger: string, events: readonly FeedEvent[], hint?: Hint): Promise<Applied> {
    const parked = this.#parked.get(ledger);
    if (parked === undefined) return this.#applyHalves(ledger, events, hint);
    return { outcome: 'parked', sequence: await this.#sequence(ledger), reason: parked };
  }

  async stopAtHole(ledger: string, sequence: number, got: number): Promise<void> {
    await this.#stop(ledger, 'hole', `event ${sequence + 1} is missing; the next one there is ${got}`);
  }

  async head(ledger: string, sequence: number, at: Date): Promise<void> {
    await this.#pool.query(
      `INSERT INTO ${schemaOf(this.version)}.positions AS p (ledger, head, head_at) VALUES ($1, $2, $3)
       ON CONFLICT (ledger) DO UPDATE SET head = greatest(p.head, p.sequence, excluded.head), head_at = excluded.head_at`,
      [ledger, sequence, at],
    );
  }

  async #applyBatch(ledger: string, events: readonly FeedEvent[], hint: Hint | undefined): Promise<Applied> {
    const done = applySeconds.startTimer();
    const { applied, state, count } = await this.#transaction(async (db): Promise<Batched> => {
      const position = await lockPosition(db, ledger);
      const { fresh, got } = nextOf(events, position.sequence);
      const last = fresh.at(-1);
      const state = last === undefined ? undefined : await this.#project(db, fresh, last, position);
      const sequence = last?.sequence ?? position.sequence;
      if (got === undefined && hint !== undefined) await storeHint(db, ledger, hint);
      const applied: Applied =
        got === undefined ? { outcome: 'applied', sequence } : { outcome: 'hole', sequence, got };
      return { applied, count: fresh.length, ...(state && { state }) };
    });
    if (state !== undefined) {
      done();
      appliedEvents.inc({ version: this.version }, count);
      this.#states.set(ledger, state);
      // Inside the transaction it would hold a lock on the whole database's queue of notifications until the commit.
      await this.#pool.query('SELECT pg_notify($1, $2)', [APPLIED_CHANNEL, ledger]);
    }
    return applied;
  }

  async #project(
    db: Db,
    events: readonly LedgerEvent[],
    { ledger, sequence, recordedtime }: LedgerEvent,
    position: Position,
  ): Promise<LedgerState> {
    const state = this.#takeState(ledger, position);
    const batch = await batchOf(db, ledger, events, state);
    await applyModels(batch, db);
    await movePosition(db, ledger, { sequence, accounts: state.accounts, recorded: microseconds(recordedtime) });
    state.sequence = sequence;
    state.remember(batch.orders.values(), REMEMBERED_ACCOUNTS / (this.#states.size + 1));
    return state;
  }

  /**
   * What is remembered counts only while nobody else has moved the ledger since, which the locked position tells. A batch changes
   * it in place: so it is taken out until the commit, and gone when there is none.
   */
  #takeState(ledger: string, { sequence, accounts }: Position): LedgerState {
    const known = this.#states.get(ledger);
    this.#states.delete(ledger);
    return known?.sequence === sequence ? known : new LedgerState(sequence, accounts);
  }

  /**
   * A batch with an event that cannot be applied is halved until it is found: all before it is applied, then the ledger stands
   * still. An atomic batch is not cut: nobody sees half of it.
   */
  async #applyHalves(ledger: string, events: readonly FeedEvent[], hint: Hint | undefined): Promise<Applied> {
    const half = cutOf(events);
    try {
      return await this.#applyBatch(ledger, events, hint);
    } catch (error) {
      if (!isPoison(error)) throw error;
      if (half >= events.length) return this.#park(ledger, events[0], error as Error);
    }
    const before = await this.#applyHalves(ledger, events.slice(0, half), undefined);
    return before.outcome === 'applied' ? this.#applyHalves(ledger, events.slice(half), hint) : before;
  }

  async #park(ledger: string, at: FeedEvent | undefined, { message }: Error): Promise<Applied> {
    const reason = `event ${at?.sequence ?? '?'} (${at?.event.type ?? '?'}) cannot be applied: ${message}`;
    this.#parked.set(ledger, reason);
    await this.#stop(ledger, 'parked', reason);
    return { outcome: 'parked', sequence: await this.#sequence(ledger), reason };
  }

  async #sequence(ledger: string): Promise<number> {
    return (await this.positions()).get(ledger) ?? 0;
  }

  async #stop(ledger: string, state: 'hole' | 'parked', reason: string): Promise<void> {
    await this.#pool.query(
      `INSERT INTO ${schemaOf(this.version)}.positions AS p (ledger, state, reason) VALUES ($1, $2, $3)
       ON CONFLICT (ledger) DO UPDATE SET state = excluded.state, reason = excluded.reason`,
      [ledger, state, reason],
    );
  }

  async #transaction<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      await client.query(this.#begin);
      const result = await work(client);
      const { command } = await client.query('COMMIT');
      if (command !== 'COMMIT') throw new Error('the transaction was rolled back: a statement in it failed unnoticed');
      client.release();
      return result;
    } catch (error) {
      await client.query('ROLLBACK').then(
        () => {
          client.release();
        },
        () => {
          client.release(true);
        },
      );
      throw error;
    }
  }
}

/** One transaction's work; `state` only when events were applied. */
interface Batched {
  readonly applied: Applied;
  readonly count: number;
  readonly state?: LedgerState;
}

/** What of a batch comes next: not what was applied before, and nothing after a hole (`got` is the event behind it). */
function nextOf(events: readonly FeedEvent[], after: number): { fresh: LedgerEvent[]; got?: number } {
  const fresh: LedgerEvent[] = [];
  for (const { sequence, event } of events) {
    const next = after + fresh.length + 1;
    if (sequence > next) return { fresh, got: sequence };
    if (sequence === next) fresh.push(event);
  }
  return { fresh };
}

/** Where about half of the events end, between two that were not kept as one; all of them when they were. */
function cutOf(events: readonly FeedEvent[]): number {
  const half = wholeRun(events, events.length >> 1).length;
  return half < events.length ? half : Math.max(1, wholeRun(events, 1).length);
}
