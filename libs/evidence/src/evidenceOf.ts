import type pg from 'pg';
import { verifierKeysOf } from '#checkpoints/checkpoints';
import { DamagedLedger } from '#journal/damagedLedger';
import { readNodes } from '#journal/tree';
import { parseCheckpoint, type SignedCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { isOf, parseVerifierKey } from '#proofs/signedNote';
import { counted, Malformed, textOf } from '#proofs/text';
import { formatTlogProof } from '#proofs/tlogProof';
import { inclusionProof } from '#proofs/treeProofs';
import { checkEvidence, type EvidenceFile } from './check.ts';

/**
 * The evidence of one event in a published checkpoint that covers it, checked as its reader will check it.
 *
 * @throws {DamagedLedger} when the event, the tree, the checkpoint or a signature was changed in the database
 */
export async function evidenceOf(
  db: pg.Pool,
  ledger: string,
  { sequence, bytes }: { readonly sequence: number; readonly bytes: Buffer },
  { size, note }: { readonly size: number; readonly note: Buffer },
): Promise<EvidenceFile> {
  const checkpoint = readCheckpoint(ledger, size, note);
  const index = sequence - 1;
  const inclusion = await inclusionProof(index, size, readNodes(db, ledger, size), onNode);
  const proof = textOf(formatTlogProof({ index, inclusion, checkpoint, extra: bytes }));

  // Of all keys that ever signed for the ledger, those that signed this.
  const { log, witnesses } = await verifierKeysOf(db, ledger);
  const keys: string[] = [];
  for (const text of [...log, ...witnesses]) {
    const key = await parseVerifierKey(text, onNode);
    if (checkpoint.note.signatures.some((signature) => isOf(signature, key))) keys.push(text);
  }
  const { outcome, checks } = await checkEvidence({ proof, keys }, onNode);
  if (outcome === 'held') return { proof, keys };
  const found = checks.filter((check) => check.outcome !== 'held').map((check) => check.found);
  throw new DamagedLedger(
    `event ${sequence} of ${ledger} is not as it was signed: ${found.join(' ').replace(/\.$/, '')}`,
  );
}

function readCheckpoint(ledger: string, size: number, note: Buffer): SignedCheckpoint {
  try {
    return parseCheckpoint(note);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new DamagedLedger(`the checkpoint of ${counted(size, 'event')} of ${ledger} is damaged: ${error.message}`);
  }
}
