import type pg from 'pg';
import { type LedgerEvent, parseEvent } from '#contracts/cloudEvent';
import { touched } from '#ledger/evolve';
import { unitChangesOf } from '#ledger/units';
import { leafHash } from '#proofs/compactRange';
import { growBy } from './append/draft.ts';
import { insertEvents, type NewEvent } from './sql/events.ts';
import { insertHead, lockHead, moveHead, type TreeNode } from './sql/head.ts';
import { begin, commit } from './sql/transaction.ts';
import { UnitsWritten } from './state/recordingView.ts';

/** How long one transaction may take. Milliseconds. */
const HOLD_MS = 60_000;

/** What was submitted is not known of an imported event: who submits it again is told that the id is taken. */
const NO_REQUEST = Buffer.alloc(32);

/** The ledger is not where an import goes on: somebody wrote to it meanwhile, or it has other events. */
export class NotTheEnd extends Error {
  override readonly name = 'NotTheEnd';
}

/**
 * Takes in events as another journal kept them, byte for byte, with everything that an append writes beside them, in one transaction. What
 * they say is not decided about again: who imports has verified them. The first of a ledger opens it.
 *
 * @param first the sequence of the first of them
 * @returns the root of the ledger's tree afterwards
 * @throws {NotTheEnd} when the ledger does not end right before the first
 */
export async function importEvents(
  client: pg.ClientBase,
  ledger: string,
  first: number,
  kept: readonly Buffer[],
): Promise<Uint8Array> {
  await begin(client, HOLD_MS);
  try {
    if (first === 1) await insertHead(client, ledger);
    const head = await lockHead(client, ledger, HOLD_MS);
    if (head?.sequence !== first - 1 || head.tree.size !== first - 1)
      throw new NotTheEnd(`event ${first} cannot be next: ledger ${ledger} ends with event ${head?.sequence ?? 0}`);
    const events = kept.map(newEvent);
    const nodes: TreeNode[] = [];
    const units = new UnitsWritten();
    for (const run of recordedTogether(events)) {
      const [{ event }] = run;
      await insertEvents(client, ledger, event.recordedtime, event.sequence, run);
    }
    for (const { event, leafHash: leaf } of events) {
      growBy(head.tree, leaf, nodes);
      const changes = unitChangesOf(event);
      const moves = changes.named.length > 0 || changes.rest.length > 0 || changes.unnamed !== undefined;
      if (moves) await units.move(client, ledger, event.sequence, changes);
    }
    const last = events.at(-1)?.event;
    if (last === undefined) throw new RangeError('there are no events to import');
    await units.write(client, ledger, last.sequence);
    const root = head.tree.root();
    await moveHead(client, ledger, first - 1, last.sequence, last.recordedtime, { tree: head.tree, nodes });
    await commit(client);
    return root;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

const newEvent = (bytes: Buffer): NewEvent => {
  const event = parseEvent(bytes);
  return { event, bytes, requestHash: NO_REQUEST, leafHash: leafHash(bytes), entities: touched(event) };
};

type Run = [NewEvent, ...NewEvent[]];

/** One statement writes what was recorded at one moment. */
function recordedTogether(events: readonly NewEvent[]): Run[] {
  const runs: Run[] = [];
  const momentOf = ({ event }: { readonly event: LedgerEvent }) => event.recordedtime;
  for (const event of events) {
    const run = runs.at(-1);
    if (run !== undefined && momentOf(run[0]) === momentOf(event)) run.push(event);
    else runs.push([event]);
  }
  return runs;
}
