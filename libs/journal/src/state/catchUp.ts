import type pg from 'pg';
import { parseEvent } from '#contracts/cloudEvent';
import { Entities } from './entities.ts';
import { eventsAfter } from '../sql/eventsAfter.ts';
import { readHead } from '../reader.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import type { WriterState } from './ledgerState.ts';

/** A writer that wrote more recently than this looks for others' events under the lock only. */
const FRESH_MS = 1_000;

/** Before the lock: takes in what others wrote while this writer was idle, or starts afresh when that is much. */
export async function catchUp(client: pg.ClientBase, state: WriterState, foldLimit: number): Promise<Entities> {
  const entities = new Entities(state.shelf);
  if (state.head !== undefined && performance.now() - state.seen < FRESH_MS) return entities;
  const head = await readHead(client, state.ledger);
  if (head === undefined) throw new UnknownLedger(state.ledger);
  return foldUpTo(client, state, head, foldLimit, entities);
}

/**
 * Brings the entities to `head`, which the ledger is known to have reached: folds what is new, or forgets everything when
 * that is more than `foldLimit` events, since loading what is needed is then cheaper.
 */
export async function foldUpTo(
  client: pg.ClientBase,
  state: WriterState,
  head: number,
  foldLimit: number,
  entities: Entities,
): Promise<Entities> {
  const known = state.head;
  state.head = head;
  state.seen = performance.now();
  if (known === head) return entities;
  if (known === undefined || head - known > foldLimit) {
    state.shelf.clear();
    return new Entities(state.shelf);
  }
  // May bring more than `head` when the lock is not held: an entity's version tells what is in it.
  for (const bytes of await eventsAfter(client, state.ledger, known)) entities.fold(parseEvent(bytes));
  return entities;
}
