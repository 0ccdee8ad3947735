import type pg from 'pg';
import type { StoredSubmission } from '../sql/events.ts';
import type { Head } from '../sql/head.ts';
import { Turns } from '#platform/service/turns';
import { EntityOverlay } from '../state/entities.ts';
import type { LoadedState } from '../state/loading.ts';
import { Missing } from '../state/recordingView.ts';
import type { AtomicOutcome, Outcome, Receipt, Submission } from '../submission.ts';
import {
  type Decided,
  decideOne,
  type Forbidden,
  type InBatch,
  type NotRecorded,
  type Stamp,
  whyForbidden,
} from './decideOne.ts';
import { type Draft, identityOf } from './draft.ts';

interface BatchContext {
  readonly client: pg.ClientBase;
  readonly ledger: string;
  readonly head: Head;
  readonly loaded: LoadedState;
  /** What the journal keeps under the batch's ids, by `identityOf`, read under the lock. */
  readonly stored: ReadonlyMap<string, StoredSubmission>;
  /** Whether an event is one that this batch sent to COMMIT before, without getting the answer. */
  readonly isOurs: (stored: StoredSubmission) => boolean;
  readonly draft: Pick<Draft, 'size' | 'nextSequence' | 'add' | 'get' | 'rewind'>;
}

/** A fault of this code while it decided about one command: that command fails, the others do not. */
export class DecisionFailed extends Error {
  override readonly name = 'DecisionFailed';
}

type Recorded = Extract<Outcome, { status: 'recorded' }>;

/**
 * Decides a batch's commands in order, each on what those before it left, while the ledger is locked. What it accepts is in
 * the draft. Entities are changed in an overlay only, units in the transaction.
 */
export class BatchDecider {
  readonly overlay: EntityOverlay;
  readonly #turns = new Turns();
  readonly #now: Date;
  /** `set` when the atomic batch that is being decided has written units: taking it back needs its savepoint. */
  #savepoint: 'none' | 'wanted' | 'set' = 'none';

  constructor(private readonly context: BatchContext) {
    this.overlay = new EntityOverlay(context.loaded.entities);
    this.#now = new Date(context.head.now);
  }

  async single(submission: Submission): Promise<Outcome> {
    const earlier = this.#earlier(submission);
    if (earlier === undefined) return this.#append(submission, this.overlay);
    return (await this.#whyForbidden(submission)) ?? earlier;
  }

  /** All of them or none. Their events carry their index in the batch. */
  async atomic(submissions: readonly Submission[]): Promise<AtomicOutcome> {
    const earlier = this.#earlierOfAll(submissions);
    if (earlier !== undefined) return (await this.#whyAnyForbidden(submissions)) ?? earlier;
    const repeated = firstRepeated(submissions);
    if (repeated !== undefined) return repeated;

    const { draft, client } = this.context;
    const before = draft.size;
    const overlay = new EntityOverlay(this.overlay);
    this.#savepoint = 'wanted';
    const receipts: Receipt[] = [];
    const lists = takenBackBy(submissions);
    const has: InBatch['has'] = ({ source, id }) =>
      submissions.some(({ event }) => event.source === source && event.id === id);
    try {
      for (const [index, submission] of submissions.entries()) {
        const batch = { index, size: submissions.length, has, takenBack: lists[index] ?? [] };
        const outcome = await this.#append(submission, overlay, batch);
        if (outcome.status !== 'recorded') {
          await this.#takeBack(before);
          return { status: 'failed', index, outcome };
        }
        receipts.push(outcome.receipt);
      }
    } catch (error) {
      if (error instanceof DecisionFailed) await this.#takeBack(before);
      throw error;
    }
    if (this.#hasSavepoint()) await client.query('RELEASE SAVEPOINT atomic_batch');
    this.#savepoint = 'none';
    overlay.moveTo(this.overlay);
    return { status: 'recorded', receipts };
  }

  async #append(submission: Submission, overlay: EntityOverlay, batch?: InBatch): Promise<NotRecorded | Recorded> {
    if (this.#turns.over) await this.#turns.next();
    const { ledger, head, draft, loaded } = this.context;
    const stamp: Stamp = { ledger, sequence: draft.nextSequence, recordedtime: head.now, now: this.#now, batch };
    const checked = batch === undefined ? submission : { ...submission, ifMatch: undefined };
    const decideIt = () => {
      try {
        return decideOne(checked, stamp, overlay, loaded.units, loaded.events);
      } catch (error) {
        throw new DecisionFailed('deciding about an event failed', { cause: error });
      }
    };
    const first = decideIt();
    const decided = first instanceof Missing ? await loaded.loadAndDecideAgain(first, decideIt) : first;
    if ('status' in decided) return decided;

    if (decided.units !== undefined) await this.#moveUnits(decided.units);
    for (const [key, cached] of decided.entities) overlay.set(key, cached);
    draft.add(decided.drafted);
    loaded.addEvent(decided.drafted.event);
    return { status: 'recorded', receipt: decided.drafted.receipt };
  }

  /** Whether it may be told about an event that is there: a key that speaks for a party is not told about another's. */
  async #whyForbidden(submission: Submission): Promise<Forbidden | undefined> {
    if (submission.speaksFor?.() === undefined) return undefined;
    const { loaded } = this.context;
    const look = () => whyForbidden(submission, this.overlay, loaded.units, loaded.events);
    const first = look();
    return first instanceof Missing ? loaded.loadAndDecideAgain(first, look) : first;
  }

  async #whyAnyForbidden(submissions: readonly Submission[]): Promise<AtomicOutcome | undefined> {
    for (const [index, submission] of submissions.entries()) {
      const outcome = this.#earlier(submission) && (await this.#whyForbidden(submission));
      if (outcome !== undefined) return { status: 'failed', index, outcome };
    }
    return undefined;
  }

  async #moveUnits(units: NonNullable<Decided['units']>): Promise<void> {
    const { client, ledger, head, loaded } = this.context;
    if (this.#savepoint === 'wanted') {
      await loaded.units.write(client, ledger, head.sequence);
      await client.query('SAVEPOINT atomic_batch');
      this.#savepoint = 'set';
    }
    await loaded.units.move(client, ledger, head.sequence, units);
  }

  async #takeBack(size: number): Promise<void> {
    const { draft, client, loaded } = this.context;
    draft.rewind(size);
    loaded.forgetEvents();
    if (this.#hasSavepoint()) {
      await client.query('ROLLBACK TO SAVEPOINT atomic_batch; RELEASE SAVEPOINT atomic_batch');
      loaded.units.forget();
    }
    this.#savepoint = 'none';
  }

  #hasSavepoint(): boolean {
    return this.#savepoint === 'set';
  }

  /** The outcome for a submission whose source and id the ledger has already, from an earlier batch or from this one. */
  #earlier(submission: Submission): Exclude<Outcome, NotRecorded> | undefined {
    const { stored, draft, isOurs, ledger } = this.context;
    const drafted = draft.get(submission.event);
    if (drafted !== undefined) {
      return isSame(drafted.requestHash, submission)
        ? { status: 'replayed', receipt: drafted.receipt }
        : { status: 'conflict', sequence: drafted.event.sequence };
    }
    const found = stored.get(identityOf(submission.event));
    if (found === undefined) return undefined;
    const { sequence, id, recordedtime } = found;
    if (!isSame(found.requestHash, submission)) return { status: 'conflict', sequence };
    return { status: isOurs(found) ? 'recorded' : 'replayed', receipt: { ledger, sequence, id, recordedtime } };
  }

  #earlierOfAll(submissions: readonly Submission[]): AtomicOutcome | undefined {
    const outcomes = submissions.map((submission) => this.#earlier(submission));
    const conflict = outcomes.findIndex((outcome) => outcome?.status === 'conflict');
    const outcome = outcomes[conflict];
    if (outcome?.status === 'conflict') return { status: 'failed', index: conflict, outcome };

    const kept = outcomes.flatMap((one) => (one === undefined || one.status === 'conflict' ? [] : [one]));
    if (kept.length === 0) return undefined;
    const receipts = kept.map(({ receipt }) => receipt);
    if (kept.length < submissions.length) {
      return {
        status: 'partly-there',
        index: outcomes.findIndex((one) => one !== undefined),
        sequences: receipts.map(({ sequence }) => sequence),
      };
    }
    return { status: kept.every(({ status }) => status === 'recorded') ? 'recorded' : 'replayed', receipts };
  }
}

const isSame = (stored: Buffer, { hash, sentHash }: Submission): boolean =>
  stored.equals(hash) || (sentHash !== undefined && stored.equals(sentHash));

/** What each submission takes back with those before and after it, up to the next one that takes nothing back. */
function takenBackBy(submissions: readonly Submission[]): (readonly number[])[] {
  let list: number[] = [];
  return submissions.map(({ event }) => {
    if (event.type === 'lading.event.voided.v1') list.push(event.data.sequence);
    else list = [];
    return list;
  });
}

/** One id twice in one atomic batch: an id names one fact, and the two events claim to be two. */
function firstRepeated(submissions: readonly Submission[]): AtomicOutcome | undefined {
  const seen = new Map<string, number>();
  for (const [index, { event }] of submissions.entries()) {
    const first = seen.get(identityOf(event));
    if (first !== undefined) {
      const { source, id } = event;
      const detail = `The batch has the id ${id} of ${source} twice. Give each event an id of its own.`;
      const rejection = { code: 'already-exists' as const, detail, facts: { source, id, first } };
      return { status: 'failed', index, outcome: { status: 'rejected', rejection } };
    }
    seen.set(identityOf(event), index);
  }
  return undefined;
}
