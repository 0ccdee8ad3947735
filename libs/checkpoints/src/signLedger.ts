import { counted } from '#proofs/text';
import type pg from 'pg';
import { readNodes, readTree } from '#journal/tree';
import { formatCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { type Hash, sameBytes } from '#proofs/primitives';
import { formatNote, formatVerifierKey, isOf, type NoteSignature, parseNote, signNote } from '#proofs/signedNote';
import { consistencyProof, rootHash, verifyConsistency } from '#proofs/treeProofs';
import { checkpointOf, Forked, parkSigner, publishCheckpoint, storeCheckpoint } from './checkpoints.ts';
import type { CheckpointTopic } from './checkpointTopic.ts';
import type { Newest, Tree } from './newest.ts';
import type { PublishedFile } from './publishedFile.ts';
import type { Witnesses } from './witness/witnesses.ts';
import { originOf, type SigningKeys, signingAt, verifierKeyOf } from './signingKeys.ts';

/** Told after each step, for metrics; and for tests, which end the process there. */
export interface SignerObserver {
  stored?(ledger: string): void;
  /** It is in the file of what was published, and not handed out yet. */
  noted?(ledger: string): void;
  published?(ledger: string, size: number): void;
  refused?(ledger: string, reason: string): void;
}

/** What signing takes. Everything that is written goes through the connection that holds the lock. */
export interface Signing {
  readonly client: pg.ClientBase;
  readonly base: string;
  readonly keys: SigningKeys;
  /** What these keys have signed and this process published, last of this ledger. */
  readonly done: Tree | undefined;
  readonly newest: Newest;
  readonly file: PublishedFile;
  readonly topic: CheckpointTopic | undefined;
  readonly witnesses: Witnesses | undefined;
  readonly observer: SignerObserver;
}

/** What was signed, or why nothing is. */
type Signed =
  | {
      readonly kind: 'published';
      readonly size: number;
      readonly root: Hash;
      readonly origin: string;
      readonly note: Buffer;
    }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: string; readonly advice: string };

/**
 * Signs the tree of a ledger as it is committed, unless that is not what was published before, with more events after it. Stored first,
 * then written to the signer's own file, then published: whoever ends in between goes on with the same checkpoint.
 *
 * @returns undefined when the ledger has no events
 */
export async function signLedger(ledger: string, signing: Signing): Promise<Signed | undefined> {
  const { client, base, newest, file, topic, witnesses, observer } = signing;
  const origin = originOf(base, ledger);
  const range = await readTree(client, ledger);
  if (range === undefined || range.size === 0) return undefined;
  const tree: Tree = { size: range.size, root: range.root() };
  if (signing.done?.size === tree.size && sameBytes(signing.done.root, tree.root)) return { kind: 'unchanged' };
  const refusal = await whyNot(client, ledger, origin, tree, newest);
  if (refusal !== undefined) return refuse(ledger, refusal, signing);

  const { note, keys } = await signed(client, ledger, origin, tree, signing.keys);
  const checkpoint = { ledger, origin, size: tree.size, root: Buffer.from(tree.root), note };
  try {
    await storeCheckpoint(client, checkpoint, keys);
  } catch (error) {
    if (error instanceof Forked) return refuse(ledger, { reason: error.message, advice: FORKED }, signing);
    throw error;
  }
  observer.stored?.(ledger);
  const noted = file.newest.get(origin);
  if (noted?.size !== tree.size) await file.append(origin, tree);
  newest.learn(origin, tree, 'the file of what was published');
  observer.noted?.(ledger);
  if (witnesses !== undefined) {
    await witnesses.collect(checkpoint);
    // One of them may know more than everybody here.
    const after = await whyNot(client, ledger, origin, tree, newest);
    if (after !== undefined) return refuse(ledger, after, signing);
  }
  const published = (await publishCheckpoint(client, checkpoint)) ?? note;
  topic?.publish({ origin, note: published });
  observer.published?.(ledger, tree.size);
  return { kind: 'published', ...tree, origin, note };
}

interface Refusal {
  readonly reason: string;
  readonly advice: string;
}

const RESTORED =
  'Put the missing events back byte for byte: restore a newer backup, or import them from Kafka or a bundle. If they are lost for good, this log has ended: set LADING_ORIGIN to another name, and tell the auditors why (docs/operations.md).';
const FORKED =
  'Keep the database as it is, and both checkpoints: they are the evidence. Find out who changed the journal, and restore a backup from before (docs/operations.md).';

/** Why this tree must not be signed; undefined when it may be. */
async function whyNot(
  client: pg.ClientBase,
  ledger: string,
  origin: string,
  tree: Tree,
  newest: Newest,
): Promise<Refusal | undefined> {
  const fork = newest.forkOf(origin);
  if (fork !== undefined) {
    const [one, other] = fork;
    const reason = `two checkpoints of ${counted(one.size, 'event')} were published, and disagree: ${one.source} has one, ${other.source} the other`;
    return { reason, advice: FORKED };
  }
  const last = newest.of(origin);
  if (last === undefined) {
    const damage = await inconsistency(client, ledger, tree, tree);
    return damage === undefined ? undefined : { reason: `the tree is damaged: ${damage}`, advice: FORKED };
  }
  if (tree.size < last.size)
    return {
      reason: `the journal ends at ${tree.size}, and a checkpoint of ${counted(last.size, 'event')} was published (${last.source} knows it): the database was restored from an old backup`,
      advice: RESTORED,
    };
  const damage = await inconsistency(client, ledger, last, tree);
  if (damage === undefined) return undefined;
  return {
    reason: `the first ${last.size === 1 ? 'event is not that' : `${last.size} events are not those`} of the checkpoint that was published (${last.source} knows it): ${damage}`,
    advice: tree.size === last.size ? FORKED : `${RESTORED} If no backup was restored: ${FORKED}`,
  };
}

/** What is wrong when a tree does not begin with the whole of an older one. */
async function inconsistency(
  client: pg.ClientBase,
  ledger: string,
  older: Tree,
  tree: Tree,
): Promise<string | undefined> {
  const nodes = readNodes(client, ledger, tree.size);
  let [proof, root]: [Hash[], Hash] = [[], tree.root];
  try {
    // The root that the head keeps is held against the hashes that it was made of, too.
    if (older.size === tree.size) root = await rootHash(tree.size, nodes, onNode);
    else proof = await consistencyProof(older.size, tree.size, nodes, onNode);
  } catch (error) {
    // A database that is away passes, and its errors have a code, or the next statement fails as well. What is wrong with the tree stays.
    if (typeof (error as { code?: unknown }).code === 'string') throw error;
    await client.query('SELECT 1');
    return (error as Error).message;
  }
  const agrees = (await verifyConsistency(older, tree, proof, onNode)) && sameBytes(root, tree.root);
  return agrees ? undefined : 'the journal was changed, or restored from an old backup and gone on from';
}

async function refuse(ledger: string, { reason, advice }: Refusal, { client, observer }: Signing): Promise<Signed> {
  await parkSigner(client, ledger, reason, advice);
  observer.refused?.(ledger, reason);
  return { kind: 'refused', reason, advice };
}

/** The note of a tree, by all keys that sign now. One that was stored before keeps its signatures, also those of witnesses. */
async function signed(
  client: pg.ClientBase,
  ledger: string,
  origin: string,
  { size, root }: Tree,
  keys: SigningKeys,
): Promise<{ note: Buffer; keys: string[] }> {
  const text = formatCheckpoint({ origin, size, root, extensions: [] });
  const signers = await Promise.all(
    signingAt(keys, new Date()).map(async ({ sign, ...key }) => ({
      key: await verifierKeyOf({ ...key, sign }, origin),
      sign,
    })),
  );
  if (signers.length === 0) throw new Error('no key signs any more');
  const before = await checkpointOf(client, ledger, size, origin);
  const had: readonly NoteSignature[] =
    before === undefined || !sameBytes(before.root, root) ? [] : parseNote(before.note).signatures;
  const missing = signers.filter(({ key }) => !had.some((one) => isOf(one, key)));
  const added = await Promise.all(missing.map(({ key, sign }) => signNote(text, key, sign)));
  const note = Buffer.from(formatNote({ text, signatures: [...added, ...had] }));
  return { note, keys: signers.map(({ key }) => formatVerifierKey(key)) };
}
