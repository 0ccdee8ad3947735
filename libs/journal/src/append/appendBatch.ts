import type pg from 'pg';
import { BatchDecider, DecisionFailed } from './batchDecider.ts';
import { Draft } from './draft.ts';
import { DraftWriter } from './draftWriter.ts';
import type { Answered, Job } from './job.ts';
import type { JournalOptions } from '../journalOptions.ts';
import { lockWithWhatIsNeeded } from './lockWithWhatIsNeeded.ts';
import { SNAPSHOT_FORMAT, toSnapshotRow } from '../state/snapshot.ts';
import { commit } from '../sql/commit.ts';
import type { Stored } from '../sql/findStored.ts';
import { inOrder } from '../sql/inOrder.ts';
import { moveHead } from '../sql/moveHead.ts';
import { writeSnapshots } from '../sql/writeSnapshots.ts';
import type { WriterState } from '../state/ledgerState.ts';

/** What was sent to COMMIT and whose answer may not have come. */
export type InDoubt = Draft[];

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
  const { head, entities, stored } = await lockWithWhatIsNeeded(client, state, submissions, options);

  const draft = new Draft(head.sequence);
  // Nobody else can have written the same sequence, time and actor: the leaf hash tells an event of ours.
  const isOurs = ({ leafHash }: Stored) =>
    inDoubt.some((sent) => sent.all().some((drafted) => drafted.leafHash.equals(leafHash)));
  const decider = new BatchDecider({ client, ledger, head, entities, stored, isOurs, draft });
  const writer = new DraftWriter(client, ledger, head.now, draft);
  const answers: Answered[] = [];
  for (const job of jobs) {
    answers.push({ job, answer: await answer(decider, job) });
    writer.grown();
  }

  if (draft.size === 0) {
    await client.query('ROLLBACK'); // nothing to keep: a COMMIT would wait for the disk
  } else {
    inDoubt.push(draft);
    const snapshots = decider.overlay.takeLong(options.snapshotEvery).map(toSnapshotRow);
    await inOrder(client, [
      () => writer.finish(),
      async () => {
        if (snapshots.length > 0) await writeSnapshots(client, ledger, SNAPSHOT_FORMAT, snapshots);
      },
      () => moveHead(client, ledger, head.sequence, head.sequence + draft.size, head.now),
      () => commit(client),
    ]);
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
