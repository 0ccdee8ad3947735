import type pg from 'pg';
import { catchUp, foldUpTo } from '../state/catchUp.ts';
import { identity } from './draft.ts';
import type { Entities } from '../state/entities.ts';
import type { JournalOptions } from '../journalOptions.ts';
import { Needs } from '../state/prefetch.ts';
import { begin } from '../sql/begin.ts';
import { findStored, type Stored } from '../sql/findStored.ts';
import { inOrder } from '../sql/inOrder.ts';
import { type LockedHead, lockHead } from '../sql/lockHead.ts';
import type { Submission } from '../submission.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import type { WriterState } from '../state/ledgerState.ts';

/** A ledger whose lock this transaction holds, with what it takes to decide. */
export interface Locked {
  readonly head: LockedHead;
  /** As of the head. */
  readonly entities: Entities;
  /** What the journal keeps under the ids of the submissions, by `identity`. */
  readonly stored: ReadonlyMap<string, Stored>;
}

/**
 * Begins the transaction and takes the ledger's lock. What can be read before the lock is: entities, and much that others
 * wrote. Under it: what others wrote since, and which of the ids are there.
 */
export async function lockWithWhatIsNeeded(
  client: pg.ClientBase,
  state: WriterState,
  submissions: readonly Submission[],
  { foldLimit, holdMs }: JournalOptions,
): Promise<Locked> {
  const { ledger } = state;
  const entities = await catchUp(client, state, foldLimit);
  const needs = new Needs(submissions, entities);
  const known = state.head ?? 0;
  if (needs.deep) await needs.loadDeeply(client, ledger, known);

  const [, , head, found] = await inOrder<[unknown, unknown, LockedHead | undefined, Stored[]]>(client, [
    () => begin(client, holdMs),
    async () => {
      if (!needs.deep) await needs.load(client, ledger, known);
    },
    () => lockHead(client, ledger, holdMs),
    () =>
      findStored(
        client,
        ledger,
        known,
        submissions.map(({ event }) => event),
      ),
  ]);
  if (head === undefined) throw new UnknownLedger(ledger);
  const current = await foldUpTo(client, state, head.sequence, foldLimit, entities);
  // Others wrote so much that the cache was dropped: one statement for what is named, instead of one for each command.
  if (current !== entities) await new Needs(submissions, current).load(client, ledger, head.sequence);
  return { head, entities: current, stored: new Map(found.map((stored) => [identity(stored), stored])) };
}
