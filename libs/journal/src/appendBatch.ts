import type pg from 'pg';
import { BatchDecider, DecisionFailed } from './batchDecider.ts';
import { catchUp, foldUpTo } from './catchUp.ts';
import { Draft, identity } from './draft.ts';
import type { Answered, Job } from './job.ts';
import type { JournalOptions } from './journalOptions.ts';
import { preload } from './preload.ts';
import { SNAPSHOT_FORMAT, toSnapshot } from './snapshot.ts';
import { begin } from './sql/begin.ts';
import { findStored, type Stored } from './sql/findStored.ts';
import { insertEvents } from './sql/insertEvents.ts';
import { lockHead } from './sql/lockHead.ts';
import { writeSnapshots } from './sql/writeSnapshots.ts';
import { UnknownLedger } from './unknownLedger.ts';
import type { WriterState } from './writerState.ts';

/** Events that were sent to COMMIT whose answer did not come, by what nobody else can have written: their leaf hashes. */
export type InDoubt = Set<string>;

export interface Appended {
  readonly answers: readonly Answered[];
  readonly events: number;
}

/**
 * Takes in a batch in one transaction. When it resolves, everything that the answers say is committed; when it throws,
 * nothing is known: the caller drops the state and the connection, and may run the same batch again.
 */
export async function appendBatch(
  client: pg.ClientBase,
  state: WriterState,
  jobs: readonly Job[],
  inDoubt: InDoubt,
  options: JournalOptions,
): Promise<Appended> {
  const { ledger } = state;
  const submissions = jobs.flatMap((job) => job.submissions);

  await begin(client, options.holdMs);
  let entities = await catchUp(client, state, options.foldLimit);
  await preload(client, ledger, submissions, entities);

  const head = await lockHead(client, ledger, options.holdMs);
  if (head === undefined) throw new UnknownLedger(ledger);
  const found = await findStored(
    client,
    ledger,
    submissions.map(({ event }) => event),
  );
  entities = await foldUpTo(client, state, head.sequence, options.foldLimit, entities);

  const draft = new Draft(head.sequence);
  const decider = new BatchDecider({
    client,
    ledger,
    head,
    entities,
    stored: new Map(found.map((stored) => [identity(stored), stored])),
    isOurs: (stored: Stored) => inDoubt.has(stored.leafHash.toString('hex')),
    draft,
  });
  const answers: Answered[] = [];
  for (const job of jobs) answers.push({ job, answer: await answer(decider, job) });

  if (draft.size === 0) {
    await client.query('ROLLBACK'); // nothing to keep: a COMMIT would wait for the disk
  } else {
    await write(client, ledger, head.now, draft, decider, options.snapshotEvery);
    for (const { leafHash } of draft.all()) inDoubt.add(leafHash.toString('hex'));
    await commit(client);
  }
  decider.overlay.moveTo(entities);
  state.head = head.sequence + draft.size;
  state.seen = performance.now();
  return { answers, events: draft.size };
}

async function answer(decider: BatchDecider, job: Job): Promise<Answered['answer']> {
  try {
    const outcome =
      job.kind === 'single' ? await decider.single(job.submissions[0]) : await decider.atomic(job.submissions);
    return { outcome };
  } catch (error) {
    if (error instanceof DecisionFailed) return { error };
    throw error;
  }
}

async function write(
  client: pg.ClientBase,
  ledger: string,
  recorded: string,
  draft: Draft,
  decider: BatchDecider,
  snapshotEvery: number,
): Promise<void> {
  await insertEvents(client, ledger, draft.after, recorded, draft.rows());
  const long = decider.overlay.takeLong(snapshotEvery);
  if (long.length > 0) {
    const rows = long.map(([entity, state]) => ({ entity, sequence: state.version, state: toSnapshot(state) }));
    await writeSnapshots(client, ledger, SNAPSHOT_FORMAT, rows);
  }
}

/** COMMIT of a transaction in which a statement failed is a ROLLBACK without an error. */
async function commit(client: pg.ClientBase): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new Error(`COMMIT answered ${command}`);
}
