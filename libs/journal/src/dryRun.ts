import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { type UnitChanges, UnitIndex } from '#ledger/units';
import { UnitMap, type UnitRange } from '#ledger/unitRanges';
import { Turns } from '#platform/service/turns';
import { BatchDecider, DecisionFailed } from './append/batchDecider.ts';
import { type DraftedEvent, identityOf } from './append/draft.ts';
import { JournalUnavailable } from './journalUnavailable.ts';
import { findStored, type StoredSubmission } from './sql/events.ts';
import { readHeadAndClock } from './sql/head.ts';
import { lendConnection } from './sql/transaction.ts';
import { storedUnits, unitsInAccounts } from './sql/units.ts';
import { type CachePartition, CommittedEntities } from './state/entities.ts';
import { LoadedState } from './state/loading.ts';
import type { KnownPiece, KnownUnits, NotLoaded } from './state/recordingView.ts';
import type { AtomicOutcome, Outcome, Submission } from './submission.ts';
import { UnknownLedger } from './unknownLedger.ts';

/** What one dry run may take: it keeps in memory what it would have changed, and a snapshot of the database open. */
export const dryRunLimits = { events: 20_000, lines: 200_000, seconds: 60, atOnce: 2, waitMs: 1_000 } as const;

/** A dry run has tried all that it may. */
export class DryRunOver extends Error {
  override readonly name = 'DryRunOver';

  constructor(readonly limit: 'events' | 'lines' | 'seconds') {
    super(`a dry run takes at most ${dryRunLimits[limit]} ${limit}`);
  }
}

/**
 * Tries events on a ledger: the same decisions as those of a submission, each on what those before it would leave, and nothing is
 * kept. It reads one snapshot of the ledger and takes no lock, so nobody waits for it; what others record meanwhile it does not see.
 */
export class DryRun {
  readonly #draft: Tried;
  readonly #stored = new Map<string, StoredSubmission>();
  readonly #decider: BatchDecider;
  readonly #end = performance.now() + dryRunLimits.seconds * 1_000;
  #events = 0;
  #lines = 0;
  /** Events are tried one after another, however many are handed over at once. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly client: pg.ClientBase,
    private readonly ledger: string,
    private readonly head: { readonly sequence: number; readonly now: string },
    partition: CachePartition,
  ) {
    this.#draft = new Tried(head.sequence);
    this.#decider = new BatchDecider({
      client,
      ledger,
      head,
      loaded: new LoadedState(client, ledger, head.sequence, new CommittedEntities(partition), new UnitsTried(), {
        drafted: () => this.#draft.recent,
        voids: [],
      }),
      stored: this.#stored,
      isOurs: () => false,
      draft: this.#draft,
    });
  }

  /** Opens a dry run for as long as `work` takes. Throws what `Journal.submit` does. */
  static async on<T>(
    pool: pg.Pool,
    ledger: string,
    partition: CachePartition,
    work: (dryRun: DryRun) => Promise<T>,
  ): Promise<T> {
    const limit = (dryRunLimits.seconds + 10) * 1_000;
    return lendConnection(pool, limit, async (client) => {
      const dryRun = await DryRun.#begin(client, ledger, partition, limit).catch((error: unknown) => {
        throw error instanceof UnknownLedger ? error : new JournalUnavailable('unavailable', 'no', { cause: error });
      });
      try {
        return await work(dryRun);
      } finally {
        // When the connection broke, the dry run has said so already.
        await client.query('ROLLBACK').catch(() => undefined);
      }
    });
  }

  static async #begin(
    client: pg.ClientBase,
    ledger: string,
    partition: CachePartition,
    limit: number,
  ): Promise<DryRun> {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = ${limit}`);
    const head = await readHeadAndClock(client, ledger);
    if (head === undefined) throw new UnknownLedger(ledger);
    return new DryRun(client, ledger, head, partition);
  }

  /** What `Journal.submit` would answer, with the event that would be kept. */
  submit(submission: Submission): Promise<Outcome> {
    return this.#inTurn([submission], async () => {
      const outcome = await this.#decider.single(submission);
      const [wouldKeep] = this.#draft.takeBytes();
      return outcome.status === 'recorded' && wouldKeep !== undefined ? { ...outcome, wouldKeep } : outcome;
    });
  }

  /** What `Journal.submitAtomic` would answer. It ends the dry run. */
  submitAtomic(submissions: readonly Submission[]): Promise<AtomicOutcome> {
    return this.#inTurn(submissions, async () => {
      const outcome = await this.#decider.atomic(submissions);
      return outcome.status === 'recorded' ? { ...outcome, wouldKeep: this.#draft.takeBytes() } : outcome;
    });
  }

  #inTurn<T>(submissions: readonly Submission[], work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(async () => {
      this.#count(submissions);
      try {
        const events = submissions.map(({ event }) => event);
        for (const stored of await findStored(this.client, this.ledger, this.head.sequence, events))
          this.#stored.set(identityOf(stored), stored);
        return await work();
      } catch (error) {
        if (error instanceof DecisionFailed) throw error;
        throw new JournalUnavailable('unavailable', 'no', { cause: error });
      }
    });
    this.#last = next.catch(() => undefined);
    return next;
  }

  #count(submissions: readonly Submission[]): void {
    if (performance.now() > this.#end) throw new DryRunOver('seconds');
    for (const { event } of submissions) {
      this.#events += 1;
      for (const value of Object.values(event.data)) this.#lines += Array.isArray(value) ? value.length : 0;
    }
    if (this.#events > dryRunLimits.events) throw new DryRunOver('events');
    if (this.#lines > dryRunLimits.lines) throw new DryRunOver('lines');
  }
}

const RECENT = 1_000;

/** What a dry run would have drafted: who sends one of its ids again is answered as the ledger would. */
class Tried {
  readonly #ids: string[] = [];
  readonly #byId = new Map<string, DraftedEvent>();
  #bytes: Buffer[] = [];
  /** The last events, whole: what takes one of them back looks at them. As many as an atomic batch may have. */
  recent: LedgerEvent[] = [];

  constructor(private readonly after: number) {}

  get size(): number {
    return this.#ids.length;
  }

  get nextSequence(): number {
    return this.after + this.size + 1;
  }

  add(drafted: DraftedEvent): void {
    const id = identityOf(drafted.event);
    this.#ids.push(id);
    this.#bytes.push(drafted.bytes);
    this.recent.push(drafted.event);
    if (this.recent.length > RECENT) this.recent.shift();
    // The event itself is large, and only its sequence is asked for again.
    const event = { ...drafted.event, data: {} } as DraftedEvent['event'];
    this.#byId.set(id, { ...drafted, event, bytes: NO_BYTES });
  }

  get(submitted: { readonly source: string; readonly id: string }): DraftedEvent | undefined {
    return this.#byId.get(identityOf(submitted));
  }

  rewind(size: number): void {
    for (const id of this.#ids.splice(size)) this.#byId.delete(id);
    this.#bytes = [];
    this.recent = this.recent.filter(({ sequence }) => sequence <= this.after + size);
  }

  /** The bytes of what was added since they were last taken. */
  takeBytes(): Buffer[] {
    const bytes = this.#bytes;
    this.#bytes = [];
    return bytes;
  }
}

const NO_BYTES = Buffer.alloc(0);

/** Serial numbers of a dry run: those of the database that were asked for, moved in memory. */
class UnitsTried implements KnownUnits {
  readonly #turns = new Turns();
  readonly #index = new UnitIndex();
  /** The units whose place in the database is in the index, or that were moved since. */
  readonly #loaded = new UnitMap<true>();
  /** The accounts of the database all of whose units are. */
  readonly #accounts = new Set<string>();

  pieces(range: UnitRange): KnownPiece[] {
    return this.#loaded.pieces(range).flatMap(({ value: isLoaded, ...piece }): KnownPiece[] => {
      if (!isLoaded) return [{ ...piece, value: undefined }];
      return this.#index.units(piece).map(({ account, ...found }) => ({ ...found, value: account ?? null }));
    });
  }

  named(account: string): number | undefined {
    return this.#accounts.has(account) ? this.#index.named(account) : undefined;
  }

  async load(client: pg.ClientBase, ledger: string, head: number, { units, accounts }: NotLoaded): Promise<void> {
    if (units.length > 0) {
      const { asked, rows } = await storedUnits(client, ledger, head, units);
      await this.#add(rows.map(({ tid: _, ...row }) => row));
      for (const range of asked) this.#loaded.put(range, true);
    }
    await this.#loadAccounts(client, ledger, head, [...accounts]);
  }

  async move(client: pg.ClientBase, ledger: string, head: number, changes: UnitChanges): Promise<void> {
    const from = changes.rest.map((rest) => rest.from);
    await this.#loadAccounts(client, ledger, head, from);
    await this.load(client, ledger, head, {
      units: [...changes.named, ...(changes.unnamed ?? [])],
      accounts: new Set(),
    });
    await this.#turns.through(this.#index.changing(changes, 0));
  }

  /** Nothing is written. */
  write(): Promise<void> {
    return Promise.resolve();
  }

  /** Only an atomic batch is ever taken back, and it ends its dry run: nothing is counted any more. */
  forget(): void {
    this.#accounts.clear();
  }

  async #loadAccounts(client: pg.ClientBase, ledger: string, head: number, accounts: readonly string[]): Promise<void> {
    const unknown = [...new Set(accounts)].filter((account) => !this.#accounts.has(account));
    if (unknown.length === 0) return;
    await this.#add(await unitsInAccounts(client, ledger, head, unknown));
    for (const account of unknown) this.#accounts.add(account);
  }

  /** What is known already was moved since, or is the same. */
  async #add(rows: readonly (UnitRange & { readonly account: string })[]): Promise<void> {
    for (const { account, ...range } of rows) {
      if (this.#turns.over) await this.#turns.next();
      for (const { value: isLoaded, ...piece } of this.#loaded.pieces(range)) {
        if (isLoaded) continue;
        this.#index.put(piece, { account, since: 0 });
        this.#loaded.put(piece, true);
      }
    }
  }
}
