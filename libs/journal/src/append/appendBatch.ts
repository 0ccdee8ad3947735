import type pg from 'pg';
import type { JournalOptions } from '../journalOptions.ts';
import { findStored, type StoredSubmission } from '../sql/events.ts';
import { insertHead, type LockedHead, lockHead, moveHead } from '../sql/head.ts';
import { writeSnapshots } from '../sql/streams.ts';
import { begin, commit, inOrder } from '../sql/transaction.ts';
import type { CommittedEntities } from '../state/entities.ts';
import type { LedgerState } from '../state/ledgerState.ts';
import { LoadedState, Prefetch, SNAPSHOT_FORMAT, snapshotRow } from '../state/loading.ts';
import type { AtomicOutcome, Outcome, Submission } from '../submission.ts';
import { growTree } from '../tree.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import { BatchDecider, DecisionFailed } from './batchDecider.ts';
import { Draft, identityOf } from './draft.ts';
import type { Answered, Job } from './job.ts';

/** What was sent to COMMIT and whose answer may not have come. */
export type InDoubt = Draft[];

export interface Appended {
  readonly answers: readonly Answered[];
  /** Events that were committed. */
  readonly events: number;
  /** Jobs, the last ones, that were not decided, because the time of the transaction was needed for those before them. */
  readonly left: number;
}

/** The part of `holdMs` in which commands are decided; the rest is for writing them. */
const DECIDING = 1 / 4;

/** So many ranges of units are written at a time: few enough that the time which it takes is seen before the next command is decided. */
const UNITS_AT_ONCE = 16;

/** Leaves that one batch adds to a tree that is behind, beside its own: some 50 ms. Where more are missing, the next batches go on. */
const CATCH_UP_LEAVES = 8_192;

/**
 * Takes in a batch in one transaction, or as many of its first jobs as can be decided in good time: on a slow machine, or when each
 * command takes long. When it resolves, everything that the answers say is committed. When it throws, nothing
 * is known: the caller drops the state and the connection, and may run the same batch again.
 */
export async function appendBatch(
  client: pg.ClientBase,
  state: LedgerState,
  jobs: readonly Job[],
  inDoubt: InDoubt,
  options: JournalOptions,
): Promise<Appended> {
  const { ledger } = state;
  const { head, entities, stored } = await lockLedger(client, state, jobs, options);

  const draft = new Draft(client, ledger, head);
  const loaded = new LoadedState(client, ledger, head.sequence, entities, undefined, {
    drafted: () => draft.events.map(({ event }) => event),
    voids: jobs.flatMap(({ submissions }) => voidsIn(submissions)),
  });
  const decider = new BatchDecider({
    ...{ client, ledger, head, loaded, stored, draft },
    // Nobody else can have written the same sequence, time and actor: the leaf hash identifies an event of this batch.
    isOurs: ({ leafHash }) => inDoubt.some(({ events }) => events.some((event) => event.leafHash.equals(leafHash))),
  });
  const answers: Answered[] = [];
  // What may be committed already is looked at whole: only this call knows that it is its own.
  const end = inDoubt.length > 0 ? Infinity : performance.now() + options.holdMs * DECIDING;
  for (const job of jobs) {
    if (answers.length > 0 && performance.now() > end) break;
    answers.push({ job, answer: await decideJob(decider, job, head) });
    if (job.kind !== 'atomic') draft.writeWhatHasGrown();
    else await draft.writeInTurns();
    await loaded.units.write(client, ledger, head.sequence, UNITS_AT_ONCE);
  }

  if (draft.size === 0) {
    await client.query('ROLLBACK'); // nothing to keep: a COMMIT would wait for the disk
  } else {
    await loaded.units.write(client, ledger, head.sequence);
    inDoubt.push(draft);
    const snapshots = decider.overlay.takeDueForSnapshot(options.snapshotEvery).map(snapshotRow);
    await inOrder(client, [
      () => draft.finish(),
      async () => {
        if (snapshots.length > 0) await writeSnapshots(client, ledger, SNAPSHOT_FORMAT, snapshots);
      },
      () => moveHead(client, ledger, head.sequence, head.sequence + draft.size, head.now, draft.grown),
      () => commit(client),
    ]);
  }
  decider.overlay.moveTo(entities);
  state.moveTo(head.sequence + draft.size);
  return { answers, events: draft.size, left: jobs.length - answers.length };
}

/** The sequences of the events that some submissions are to take back. */
const voidsIn = (submissions: readonly Submission[]): number[] =>
  submissions.flatMap(({ event }) => (event.type === 'lading.event.voided.v1' ? [event.data.sequence] : []));

/** A ledger whose lock this transaction holds, with what it takes to decide. */
interface LockedLedger {
  readonly head: LockedHead;
  /** As of the head. */
  readonly entities: CommittedEntities;
  /** What the journal keeps under the ids of the submissions, by `identityOf`. */
  readonly stored: ReadonlyMap<string, StoredSubmission>;
}

/**
 * Begins the transaction and takes the ledger's lock. Whatever can be read before the lock is read before it: entities, and
 * many events of other writers. Read under the lock is what others wrote since, and which of the ids the journal has.
 */
async function lockLedger(
  client: pg.ClientBase,
  state: LedgerState,
  jobs: readonly Job[],
  { foldLimit, holdMs }: JournalOptions,
): Promise<LockedLedger> {
  const { ledger } = state;
  const events = jobs.flatMap(({ submissions }) => submissions.map(({ event }) => event));
  const isOpening = jobs[0]?.kind === 'opening';
  const entities = await state.catchUp(client, foldLimit, isOpening);
  const prefetch = new Prefetch(events, entities);
  const known = state.head;
  if (prefetch.isDeep) await prefetch.loadDeeply(client, ledger, known);

  const [, , , head, found] = await inOrder<[unknown, unknown, unknown, LockedHead | undefined, StoredSubmission[]]>(
    client,
    [
      () => begin(client, holdMs),
      async () => {
        if (isOpening) await insertHead(client, ledger);
      },
      async () => {
        if (!prefetch.isDeep) await prefetch.load(client, ledger, known);
      },
      () => lockHead(client, ledger, holdMs),
      () => findStored(client, ledger, known, events),
    ],
  );
  if (head === undefined) throw new UnknownLedger(ledger);
  const tree = head.tree.size < head.sequence ? await growTree(client, ledger, CATCH_UP_LEAVES) : head.tree;
  const current = await state.foldUpTo(client, head.sequence, foldLimit, entities);
  // Others wrote so much that the cache was dropped: one statement for all that is named, instead of one for each command.
  if (current !== entities) await new Prefetch(events, current).load(client, ledger, head.sequence);
  return {
    head: { ...head, tree },
    entities: current,
    stored: new Map(found.map((stored) => [identityOf(stored), stored])),
  };
}

async function decideJob(decider: BatchDecider, job: Job, head: LockedHead): Promise<Answered['answer']> {
  try {
    return { outcome: await outcomeOf(decider, job, head) };
  } catch (error) {
    if (error instanceof DecisionFailed) return { error };
    throw error;
  }
}

function outcomeOf(decider: BatchDecider, job: Job, { now }: LockedHead): Promise<Outcome | AtomicOutcome> {
  switch (job.kind) {
    case 'single':
      return decider.single(job.submissions[0]);
    case 'atomic':
      return decider.atomic(job.submissions);
    case 'opening':
      return decider.single(happeningAt(now, job.submissions[0]));
  }
}

/** A ledger is opened when that is recorded, by the clock of the database. */
const happeningAt = (time: string, submission: Submission): Submission => ({
  ...submission,
  event: { ...submission.event, time },
});
