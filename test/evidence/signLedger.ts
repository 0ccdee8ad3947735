import type pg from 'pg';
import { publishCheckpoint, storeCheckpoint } from '#checkpoints/checkpoints';
import { readTree } from '#journal/tree';
import { formatCheckpoint } from '#proofs/checkpoint';
import { ED25519, formatNote, formatVerifierKey, signNote } from '#proofs/signedNote';
import { signer } from './sampleEvidence.ts';

/** Publishes a checkpoint of all that a ledger has, as its signer does, with a key that nobody keeps. */
export async function signLedger(pool: pg.Pool, ledger: string, origin = `lading.example/${ledger}`) {
  const tree = await readTree(pool, ledger);
  if (tree === undefined) throw new Error(`there is no ledger ${ledger}`);
  const { key, sign } = await signer(origin, ED25519);
  const [size, root] = [tree.size, Buffer.from(tree.root())];
  const text = formatCheckpoint({ origin, size, root, extensions: [] });
  const note = Buffer.from(formatNote({ text, signatures: [await signNote(text, key, sign)] }));
  const keys = [formatVerifierKey(key)];
  await storeCheckpoint(pool, { ledger, origin, size, root, note }, keys);
  await publishCheckpoint(pool, { ledger, origin, size });
  return { keys };
}
