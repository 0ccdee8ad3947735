import type pg from 'pg';
import { type Draft, identity } from './draft.ts';
import { decideOne, type Refused } from './decideOne.ts';
import { type Entities, Overlay } from '../state/entities.ts';
import { loadEntities } from '../state/loadEntities.ts';
import { Missing } from '../state/recordingView.ts';
import type { Stored } from '../sql/findStored.ts';
import type { LockedHead } from '../sql/lockHead.ts';
import type { AtomicOutcome, Outcome, Receipt, Submission } from '../submission.ts';
import { UnitLookups } from '../state/unitLookups.ts';
import { moveUnits } from '../state/unitMoves.ts';

export interface BatchContext {
  readonly client: pg.ClientBase;
  readonly ledger: string;
  readonly head: LockedHead;
  readonly entities: Entities;
  /** What the journal keeps of the batch's ids, by `identity`, read under the lock. */
  readonly stored: ReadonlyMap<string, Stored>;
  /** Whether an event is one that this batch sent to COMMIT before, without getting the answer. */
  readonly isOurs: (stored: Stored) => boolean;
  readonly draft: Draft;
}

/** A fault of this code while it decided about one command: that command fails, the others do not. */
export class DecisionFailed extends Error {
  override readonly name = 'DecisionFailed';
}

/**
 * Decides a batch's commands in order, each on what those before it left, while the ledger is locked.
 * What it accepts is in the draft; entities are changed in an overlay only, units in the transaction.
 */
export class BatchDecider {
  readonly overlay: Overlay;
  private readonly lookups = new UnitLookups();
  private readonly now: Date;
  /** The atomic batch that is being decided has written units: taking it back needs its savepoint. */
  private savepoint: 'none' | 'wanted' | 'set' = 'none';

  constructor(private readonly context: BatchContext) {
    this.overlay = new Overlay(context.entities);
    this.now = new Date(context.head.now);
  }

  async single(submission: Submission): Promise<Outcome> {
    return this.kept(submission) ?? this.append(submission, this.overlay);
  }

  /** All of them or none; events of it carry their place in it. */
  async atomic(submissions: readonly Submission[]): Promise<AtomicOutcome> {
    const there = this.keptOf(submissions);
    if (there !== undefined) return there;
    const twice = firstRepeated(submissions);
    if (twice !== undefined) return twice;

    const { draft, client } = this.context;
    const before = draft.size;
    const overlay = new Overlay(this.overlay);
    this.savepoint = 'wanted';
    const receipts: Receipt[] = [];
    try {
      for (const [index, submission] of submissions.entries()) {
        const outcome = await this.append(submission, overlay, { index, size: submissions.length });
        if (outcome.status !== 'recorded') {
          await this.takeBack(before);
          return { status: 'failed', index, outcome };
        }
        receipts.push(outcome.receipt);
      }
    } catch (error) {
      if (error instanceof DecisionFailed) await this.takeBack(before);
      throw error;
    }
    if (this.hasSavepoint()) await client.query('RELEASE SAVEPOINT atomic_batch');
    this.savepoint = 'none';
    overlay.moveTo(this.overlay);
    return { status: 'recorded', receipts };
  }

  private async append(
    submission: Submission,
    overlay: Overlay,
    batch?: { readonly index: number; readonly size: number },
  ): Promise<Refused | Extract<Outcome, { status: 'recorded' }>> {
    const { client, ledger, head, draft, entities } = this.context;
    const position = { ledger, sequence: draft.nextSequence, recordedtime: head.now, now: this.now, batch };
    const checked = batch === undefined ? submission : { ...submission, ifMatch: undefined };
    for (;;) {
      const decided = attempt(() => decideOne(checked, position, overlay, this.lookups));
      if (decided instanceof Missing) {
        // Only what is nowhere yet is missing, so this ends: each round loads something new.
        if (decided.entities.size > 0) {
          for (const [key, known] of await loadEntities(client, ledger, head.sequence, [...decided.entities]))
            entities.set(key, known);
        }
        await decided.questions.answer(client, ledger, head.sequence, this.lookups);
        continue;
      }
      if ('status' in decided) return decided;

      if (decided.units !== undefined) {
        if (this.savepoint === 'wanted') {
          await client.query('SAVEPOINT atomic_batch');
          this.savepoint = 'set';
        }
        await moveUnits(client, ledger, head.sequence, decided.units);
        this.lookups.forget();
      }
      for (const [key, known] of decided.entities) overlay.set(key, known);
      draft.add(decided.drafted);
      return { status: 'recorded', receipt: decided.drafted.receipt };
    }
  }

  private async takeBack(size: number): Promise<void> {
    this.context.draft.rewind(size);
    if (this.hasSavepoint()) {
      await this.context.client.query('ROLLBACK TO SAVEPOINT atomic_batch; RELEASE SAVEPOINT atomic_batch');
      this.lookups.forget();
    }
    this.savepoint = 'none';
  }

  private hasSavepoint(): boolean {
    return this.savepoint === 'set';
  }

  /** The answer to a submission whose source and id is there already. */
  private kept(submission: Submission): Exclude<Outcome, Refused> | undefined {
    const { stored, draft, isOurs, ledger } = this.context;
    const drafted = draft.find(submission.event);
    if (drafted !== undefined) {
      return drafted.requestHash.equals(submission.hash)
        ? { status: 'replayed', receipt: drafted.receipt }
        : { status: 'conflict', sequence: drafted.event.sequence };
    }
    const found = stored.get(identity(submission.event));
    if (found === undefined) return undefined;
    const { sequence, id, recordedtime } = found;
    if (!found.requestHash.equals(submission.hash)) return { status: 'conflict', sequence };
    return { status: isOurs(found) ? 'recorded' : 'replayed', receipt: { ledger, sequence, id, recordedtime } };
  }

  private keptOf(submissions: readonly Submission[]): AtomicOutcome | undefined {
    const kept = submissions.map((submission) => this.kept(submission));
    const conflict = kept.findIndex((outcome) => outcome?.status === 'conflict');
    const outcome = kept[conflict];
    if (outcome?.status === 'conflict') return { status: 'failed', index: conflict, outcome };

    const there = kept.flatMap((answer) => (answer === undefined || answer.status === 'conflict' ? [] : [answer]));
    if (there.length === 0) return undefined;
    const receipts = there.map(({ receipt }) => receipt);
    if (there.length < submissions.length) {
      return {
        status: 'partly-there',
        index: kept.findIndex((answer) => answer !== undefined),
        sequences: receipts.map(({ sequence }) => sequence),
      };
    }
    return { status: there.every(({ status }) => status === 'recorded') ? 'recorded' : 'replayed', receipts };
  }
}

function attempt<T>(decide: () => T): T {
  try {
    return decide();
  } catch (error) {
    throw new DecisionFailed('deciding about an event failed', { cause: error });
  }
}

/** One id twice in one atomic batch: the second says that the first is another fact, which it is not. */
function firstRepeated(submissions: readonly Submission[]): AtomicOutcome | undefined {
  const seen = new Map<string, number>();
  for (const [index, { event }] of submissions.entries()) {
    const first = seen.get(identity(event));
    if (first !== undefined) {
      const { source, id } = event;
      const detail = `The batch has the id ${id} of ${source} twice. Give each event an id of its own.`;
      const rejection = { code: 'already-exists' as const, detail, facts: { source, id, first } };
      return { status: 'failed', index, outcome: { status: 'rejected', rejection } };
    }
    seen.set(identity(event), index);
  }
  return undefined;
}
