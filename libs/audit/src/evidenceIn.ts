import { counted } from '#proofs/text';
import { parseCheckpoint, type SignedCheckpoint } from '#proofs/checkpoint';
import { CompactRange, leafHash } from '#proofs/compactRange';
import { onNode } from '#proofs/onNode';
import type { Hash } from '#proofs/primitives';
import { ED25519, formatVerifierKey, isOf, parseVerifierKey, type VerifierKey } from '#proofs/signedNote';
import { formatTlogProof, parseTlogProof } from '#proofs/tlogProof';
import { inclusionProof, type Node } from '#proofs/treeProofs';
import type { openBundle, Proof } from './bundle.ts';
import { sizeIn } from './checkpoints.ts';
import type { Item } from './items.ts';
import { CannotSay, Tampered } from './verdict.ts';

type Bundle = Awaited<ReturnType<typeof openBundle>>;

interface Found {
  readonly ledger: string;
  /** Those of the bundle's keys that are said to have signed the checkpoint. */
  readonly keys: readonly string[];
  /** A C2SP tlog-proof with the event as its extra data. Nothing of it was checked. */
  readonly proof: Uint8Array;
}

interface Asked {
  readonly sequence: number;
  /** So many events the checkpoint must have. */
  readonly least?: number | undefined;
  /** Whose word counts, where that is known: a checkpoint that none of them signed is passed over. */
  readonly trusted: readonly VerifierKey[];
}

/**
 * The evidence of one event out of a bundle: in the first checkpoint of it that covers the event.
 *
 * @param open opens it from its beginning: a whole ledger is read twice, because the checkpoint says which hashes the proof has
 * @throws {CannotSay} when the event is not in it, or no checkpoint covers it @throws {Tampered} when it cannot be read on
 */
export async function evidenceIn(open: () => Promise<Bundle>, { sequence, least = 0, trusted }: Asked): Promise<Found> {
  const { header, keys, items } = await open();
  const proof =
    header.kind === 'selection'
      ? await selected(items, sequence)
      : await proofIn(open, sequence, await covering(items, Math.max(sequence, least), trusted));
  const { checkpoint } = parseTlogProof(proof);
  const parsed = await Promise.all(keys.map((text) => parseVerifierKey(text, onNode)));
  const signed = parsed.filter((key) => isSaidToBeBy(checkpoint, key));
  return { ledger: header.ledger, keys: signed.map(formatVerifierKey), proof };
}

/** Whether a signature names this key: whether it is one shows who reads the evidence. */
const isSaidToBeBy = ({ note }: SignedCheckpoint, key: VerifierKey): boolean =>
  note.signatures.some((signature) => isOf(signature, key));

async function selected(items: AsyncIterable<Item | Proof>, sequence: number): Promise<Uint8Array> {
  for await (const item of readable(items)) if (item.kind === 'proof' && item.sequence === sequence) return item.bytes;
  throw new CannotSay(`event ${sequence} is not among those that are in it`);
}

/** The first checkpoint of so many events. After a change of the key it is the first one that a known key signed. */
async function covering(
  items: AsyncIterable<Item | Proof>,
  least: number,
  known: readonly VerifierKey[],
): Promise<SignedCheckpoint> {
  const own = known.filter(({ kind }) => kind === ED25519);
  let first: SignedCheckpoint | undefined;
  for await (const item of readable(items)) {
    if (item.kind !== 'checkpoint' || sizeIn(item.note) < least) continue;
    const checkpoint = parseCheckpoint(item.note);
    if (own.length === 0 || own.some((key) => isSaidToBeBy(checkpoint, key))) return checkpoint;
    first ??= checkpoint;
  }
  // Its reader is told that no known key signed it.
  if (first !== undefined) return first;
  throw new CannotSay(`no checkpoint in it covers ${counted(least, 'event')}`);
}

/** The proof of an event of a whole ledger, which is read as far as the checkpoint goes. */
async function proofIn(
  open: () => Promise<Bundle>,
  sequence: number,
  checkpoint: SignedCheckpoint,
): Promise<Uint8Array> {
  const { size } = checkpoint;
  const index = sequence - 1;
  const wanted = new Map<string, Hash>();
  const placeOf = (level: number, at: number): string => `${level} ${at}`;
  const nothing = new Uint8Array(32);
  await inclusionProof(
    index,
    size,
    async (nodes) =>
      nodes.map(({ level, index: at }) => {
        wanted.set(placeOf(level, at), nothing);
        return nothing;
      }),
    onNode,
  );
  const keep = (level: number, at: number, hash: Hash): void => {
    const place = placeOf(level, at);
    if (wanted.has(place)) wanted.set(place, hash);
  };
  const tree = new CompactRange();
  let extra: Uint8Array | undefined;
  for await (const item of readable((await open()).items)) {
    if (item.kind !== 'entries') continue;
    for (const bytes of item.entries) {
      if (tree.size === size) break;
      if (tree.size === index) extra = bytes;
      const leaf = leafHash(bytes);
      keep(0, tree.size, leaf);
      tree.append(leaf, keep);
    }
    if (tree.size === size) break;
  }
  if (extra === undefined || tree.size < size)
    throw new CannotSay(`it ends after event ${tree.size}, before its checkpoint of ${counted(size, 'event')}`);
  const of = ({ level, index: at }: Node): Hash => wanted.get(placeOf(level, at)) ?? nothing;
  const inclusion = await inclusionProof(index, size, async (nodes) => nodes.map(of), onNode);
  return formatTlogProof({ index, inclusion, checkpoint, extra });
}

async function* readable(items: AsyncIterable<Item | Proof>): AsyncGenerator<Item | Proof> {
  for await (const item of items) {
    if (item.kind === 'broken') throw new CannotSay(item.why);
    if (item.kind === 'damaged') throw new Tampered({ first: 1, what: item.why });
    yield item;
  }
}
