import { leafHash } from '#proofs/compactRange';
import { onNode } from '#proofs/onNode';
import { sameBytes } from '#proofs/primitives';
import { counted, Malformed } from '#proofs/text';
import { parseTlogProof } from '#proofs/tlogProof';
import { verifyInclusion } from '#proofs/treeProofs';
import type { Proof } from './bundle.ts';
import { type Anchor, Checkpoints, forked, type Trust } from './checkpoints.ts';
import type { Item } from './items.ts';
import { parseTold, sequenceIn } from './told.ts';
import { CannotSay, Tampered } from './verdict.ts';

export interface Selection {
  readonly checkpoint: Anchor;
  /** Events that were proved to be in the ledger. */
  readonly events: number;
}

interface Asked {
  readonly ledger: string;
  readonly trust: Trust;
  /** Checkpoints of an earlier run, and that somebody else kept. */
  readonly earlier?: Uint8Array | undefined;
  readonly given?: readonly Uint8Array[];
}

/**
 * Verifies that each of some events is in the ledger, at its place. That no other event belongs to them is not proved.
 *
 * @throws {Tampered} at the first that is not @throws {CannotSay} when no checkpoint counts
 */
export async function verifySelection(
  items: AsyncIterable<Item | Proof>,
  { ledger, trust, earlier, given = [] }: Asked,
): Promise<Selection> {
  const checkpoints = new Checkpoints(trust);
  let covering: Anchor | undefined;
  let [events, last] = [0, 0];
  for await (const item of items) {
    if (item.kind === 'broken')
      throw new CannotSay(`${item.why}. The ${counted(events, 'event')} before ${events === 1 ? 'is' : 'are'} proved`);
    if (item.kind === 'damaged') throw new Tampered({ first: last + 1, lastGood: last, what: item.why });
    if (item.kind === 'checkpoint') {
      await checkpoints.add(item.note, 'source', 0, last);
      covering = checkpoints.last;
      // Of another size they say nothing about this one: a proof of that would need all events.
      if (earlier !== undefined) await checkpoints.add(earlier, 'earlier', 0, last);
      for (const note of given) await checkpoints.add(note, 'given', 0, last);
      const { fork } = checkpoints;
      if (fork !== undefined) throw forked(fork, { first: 1, last: fork[0].size, lastGood: 0 });
    } else if (item.kind === 'proof') {
      if (covering === undefined)
        throw new CannotSay('no checkpoint stands before the events, signed by a key that was given');
      const wrong = await whyNotProved(item, covering, ledger);
      if (wrong !== undefined) throw new Tampered({ first: item.sequence, lastGood: last, what: wrong });
      last = item.sequence;
      events += 1;
    } else
      throw new Tampered({ first: last + 1, lastGood: last, what: `${item.kind} stand among the selected events` });
  }
  if (covering === undefined || !checkpoints.counts(covering))
    throw new CannotSay(
      trust.keys.length === 0
        ? 'no verifier key was given, so no checkpoint proves anything'
        : 'no checkpoint of the bundle is signed by a key that was given, and by as many witnesses as were asked for',
    );
  return { checkpoint: covering, events };
}

async function whyNotProved(
  item: Proof,
  { size, root, bytes: note }: Anchor,
  ledger: string,
): Promise<string | undefined> {
  try {
    const { index, inclusion, checkpoint, extra } = parseTlogProof(item.bytes);
    if (extra === undefined) return 'its proof has no event in it';
    const told = parseTold(extra);
    if (index + 1 !== item.sequence) return `its proof is that of event ${index + 1}`;
    if (told.ledger !== ledger || sequenceIn(told) !== item.sequence)
      return `what stands there says that it is event ${sequenceIn(told) ?? 'without a sequence'} of ledger ${String(told.ledger)}`;
    if (checkpoint.size !== size || !sameBytes(checkpoint.root, root) || !endsWith(item.bytes, note))
      return 'its proof has another checkpoint than the bundle';
    const isThere = await verifyInclusion({ leaf: leafHash(extra), index, size, root }, inclusion, onNode);
    return isThere ? undefined : `its proof does not lead to the root of the checkpoint of ${counted(size, 'event')}`;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return `its proof is none: ${error.message}`;
  }
}

const endsWith = (bytes: Uint8Array, end: Uint8Array): boolean => sameBytes(bytes.subarray(-end.length), end);
