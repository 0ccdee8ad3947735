import { hash } from 'node:crypto';
import type pg from 'pg';
import { type LedgerEvent, serialiseEvent } from '#contracts/cloudEvent';
import { leafHash } from '#proofs/leafHash';
import { begin } from '../sql/begin.ts';
import { commit } from '../sql/commit.ts';
import { findStored } from '../sql/findStored.ts';
import { insertEvents } from '../sql/insertEvents.ts';
import { insertLedger } from '../sql/insertLedger.ts';
import { moveHead } from '../sql/moveHead.ts';

/** The source of the events that a ledger writes by itself. */
const SOURCE = 'urn:lading:ledger';

export type Opening = 'opened' | 'same' | 'different';

export interface LedgerTerms {
  readonly name: string;
  /** The party that keeps the book. */
  readonly keeper: string;
}

/**
 * Opens a ledger with its first event, in one transaction. A ledger that is there stays as it is; the answer says whether it
 * was opened in the same terms. `inDoubt` remembers, from one attempt to the next, what was sent to COMMIT.
 */
export async function openLedger(
  client: pg.ClientBase,
  ledger: string,
  { name, keeper }: LedgerTerms,
  actor: string,
  holdMs: number,
  inDoubt: Set<string>,
): Promise<Opening> {
  const requestHash = hash('sha256', JSON.stringify({ keeper, name }), 'buffer');
  await begin(client, holdMs);
  const recordedtime = await insertLedger(client, ledger);
  if (recordedtime === undefined) {
    const [first] = await findStored(client, ledger, 0, [{ source: SOURCE, id: ledger }]);
    await client.query('ROLLBACK');
    if (first === undefined) throw new Error(`the ledger ${ledger} has no first event`);
    if (inDoubt.has(first.leafHash.toString('hex'))) return 'opened';
    return first.requestHash.equals(requestHash) ? 'same' : 'different';
  }

  const event: LedgerEvent<'lading.ledger.opened.v1'> = {
    id: ledger,
    source: SOURCE,
    type: 'lading.ledger.opened.v1',
    subject: 'ledger',
    time: recordedtime,
    ledger,
    sequence: 1,
    recordedtime,
    actor,
    data: { name, keeper },
  };
  const bytes = serialiseEvent(event);
  const leaf = leafHash(bytes);
  inDoubt.add(leaf.toString('hex'));
  await insertEvents(client, ledger, recordedtime, {
    first: 1,
    source: [event.source],
    id: [event.id],
    type: [event.type],
    subject: [event.subject],
    occurred: [event.time],
    requestHash: [requestHash],
    leafHash: [leaf],
    bytes: [bytes],
    entity: ['ledger'],
    entitySequence: [1],
  });
  await moveHead(client, ledger, 0, 1, recordedtime);
  await commit(client);
  return 'opened';
}
