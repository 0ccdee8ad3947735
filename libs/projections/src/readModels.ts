import type pg from 'pg';
import { isVoid, type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { type Consumed, type Position, PositionedSink } from '#feed/positionedSink';
import { counter, FAST, histogram } from '#platform/watching/metrics';
import { batchOf, type Filling } from './engine/batch.ts';
import { LedgerState } from './engine/ledgerState.ts';
import { PipelinedConnection } from './engine/pipelinedConnection.ts';
import type { Model } from './model.ts';
import { applyModels } from './models.ts';
import { Stretches } from './postings/stretches.ts';
import type { Db } from './reading/readModel.ts';
import { schemaOfVersion } from './versions/versions.ts';

/** Told after every commit that brought a ledger forward; the payload is the ledger. */
const APPLIED_CHANNEL = 'lading_applied';

const applySeconds = histogram(
  'lading_projection_apply_seconds',
  'One batch applied to all read models, to the acknowledged COMMIT',
  FAST,
);
const appliedEvents = counter('lading_projection_events_total', 'Events applied to the read models', ['version']);

/**
 * Most of what a small batch costs is to parse and plan its statements: so they are prepared. What is prepared is planned without
 * looking at its values, as if each array had ten: that is right for few events, and a larger batch is planned for what it has.
 */
export const PREPARED_EVENTS = 100;

/** One of those that a version is filled without. */
const LAST_INDEX = 'postings_total';

/** Accounts whose orders stay in memory, over all ledgers of a process: about 40 MB at most. */
const REMEMBERED_ACCOUNTS = 100_000;

/** `accounts` is the number of the next new account. */
interface Own extends Readonly<Record<string, unknown>> {
  readonly accounts: number;
}

/** What is remembered of a ledger. */
interface Known {
  readonly state: LedgerState;
  readonly stretches: Stretches;
}

/** One version of the read models, as a feed's consumer. */
export class ReadModels extends PositionedSink<Own> {
  readonly #pool: pg.Pool;
  readonly #schema: string;
  readonly #states = new Map<string, Known>();
  #isFilled = false;

  constructor(
    pool: pg.Pool,
    readonly version: number,
  ) {
    // If the last commits are lost, their positions are lost with them and the events are applied again: so no commit waits for
    // the disk. A table that grows from nothing within minutes has no statistics, and the planner took to reading the whole of it
    // for every batch. Every statement here names the keys it wants (`= ANY`), so an index is always the way to them.
    const schema = schemaOfVersion(version);
    const always = `SET LOCAL search_path TO ${schema}; SET LOCAL synchronous_commit TO off; SET LOCAL enable_seqscan TO off`;
    const settings = ({ length }: { readonly length: number }): string =>
      length > PREPARED_EVENTS ? always : `${always}; SET LOCAL plan_cache_mode TO force_generic_plan`;
    super({ pool, schema, own: ['accounts'], settings });
    this.#pool = pool;
    this.#schema = schema;
  }

  protected async consume(
    db: Db,
    ledger: string,
    events: readonly LedgerEvent[],
    position: Position<Own>,
  ): Promise<Consumed<Own>> {
    const known = this.#takeState(ledger, position);
    const { state } = known;
    const filling = (await this.#isFilling(db)) ? known.stretches : undefined;
    const remembered = REMEMBERED_ACCOUNTS / (this.#states.size + 1);
    // Planned anew whenever the ledger has become four times as large, as the journal's statements are.
    const plans = `${this.#schema}-${Math.ceil(Math.log2(position.sequence + 1) / 2)}`;
    const prepared = events.length > PREPARED_EVENTS ? {} : { plans };
    await applyEvents(db, ledger, events, state, remembered, { ...prepared, filling });
    return {
      own: { accounts: state.accounts },
      committed: async (seconds) => {
        applySeconds.observe(seconds);
        appliedEvents.inc({ version: this.version }, events.length);
        this.#states.set(ledger, known);
        // Inside the transaction it would hold a lock on the whole database's queue of notifications until the commit.
        const notify = { name: 'notify', text: 'SELECT pg_notify($1, $2)', values: [APPLIED_CHANNEL, ledger] };
        await this.#pool.query(notify);
      },
    };
  }

  /** Whoever makes what a version was filled without has locked all positions: it is there before a batch, or comes after it. */
  async #isFilling(db: Db): Promise<boolean> {
    if (this.#isFilled) return false;
    const index = `${this.#schema}.${LAST_INDEX}`;
    const { rows } = await db.query<{ made: boolean }>('SELECT to_regclass($1) IS NOT NULL AS made', [index]);
    this.#isFilled = rows[0]?.made ?? false;
    return !this.#isFilled;
  }

  /**
   * What is remembered counts only while nobody else has moved the ledger since, which the locked position tells. A batch changes
   * the state in place, so it is taken out until the commit, and is forgotten when there is none.
   */
  #takeState(ledger: string, { sequence, accounts }: Position<Own>): Known {
    const known = this.#states.get(ledger);
    this.#states.delete(ledger);
    if (known?.state.sequence === sequence) return known;
    return { state: new LedgerState(sequence, accounts), stretches: new Stretches(sequence === 0) };
  }
}

/**
 * Applies events that follow each other to the read models that the search path names.
 * @param remembered accounts that stay in memory
 * @param options `instead` of all models these; `plans` as of a `PipelinedConnection`; `filling` while nobody asks these tables yet
 */
export async function applyEvents(
  db: Db,
  ledger: string,
  events: readonly LedgerEvent[],
  state: LedgerState,
  remembered: number,
  {
    instead,
    plans,
    filling,
  }: {
    readonly instead?: ReadonlySet<Model> | undefined;
    readonly plans?: string;
    readonly filling?: Filling | undefined;
  } = {},
): Promise<void> {
  for (const piece of inPieces(events)) {
    const connection = new PipelinedConnection(db, plans);
    const batch = await batchOf(connection, ledger, piece, state, filling);
    await applyModels(batch, connection, instead);
    state.sequence = piece.at(-1)?.sequence ?? state.sequence;
    state.remember(batch.orders.values(), remembered);
    for (const order of batch.removed) state.forget(order);
  }
}

/** Lines, moves, legs and serial numbers of the events that are applied together: about 60 ms of work, in several turns. */
const PIECE = 12_000;

/**
 * Events as they are applied: a heavy batch a few at a time, all of it in one transaction. What the tables hold afterwards does not
 * depend on where it is divided, and an atomic batch, which may have 200,000 lines, is shown whole or not at all.
 */
function* inPieces(events: readonly LedgerEvent[]): Generator<readonly LedgerEvent[]> {
  let from = 0;
  let size = 0;
  for (const [at, event] of events.entries()) {
    const more = sizeOf(event);
    // What takes an event back is applied by itself: what comes after it may begin again what that event had begun.
    const isAlone = isVoid(event) || (at > 0 && isVoid(events[at - 1] ?? event));
    if (at > from && (isAlone || size + more > PIECE)) {
      yield events.slice(from, at);
      from = at;
      size = 0;
    }
    size += more;
  }
  yield events.slice(from);
}

function sizeOf(event: LedgerEvent): number {
  const lists = Object.values(event.data).reduce((sum: number, value) => sum + lengthOf(value), 1);
  return movesOf(event).reduce((sum, { serials }) => sum + lengthOf(serials), lists);
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
