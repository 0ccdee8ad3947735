import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { eventText, type LedgerEvent } from '#contracts/cloudEvent';
import { cosign, formatCheckpoint } from '#proofs/checkpoint';
import { CompactRange, leafHash } from '#proofs/compactRange';
import { onNode } from '#proofs/onNode';
import { COSIGNATURE, ED25519, formatNote, signNote, type VerifierKey, verifierKey } from '#proofs/signedNote';

const LEDGER = 'nvidia';
export const ORIGIN = `localhost/test/${LEDGER}`;

export interface Signer {
  readonly key: VerifierKey;
  readonly sign: (data: Uint8Array) => Uint8Array;
}

async function signer(name: string, kind: typeof ED25519 | typeof COSIGNATURE): Promise<Signer> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    key: await verifierKey(name, kind, rawKey(publicKey), onNode),
    sign: (data) => sign(null, data, privateKey),
  };
}

const rawKey = (key: KeyObject): Uint8Array => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');

/** Whoever keeps a ledger, and a witness. */
export const aKeeper = (origin = ORIGIN): Promise<Signer> => signer(origin, ED25519);
export const aWitness = (name = 'witness.example'): Promise<Signer> => signer(name, COSIGNATURE);

/** A checkpoint of these events, signed, and cosigned. */
export async function checkpointOf(
  events: readonly Uint8Array[],
  { key, sign: signs }: Signer,
  witnesses: readonly Signer[] = [],
): Promise<Buffer> {
  const tree = CompactRange.of(0, []);
  for (const bytes of events) tree.append(leafHash(bytes));
  return checkpointOver(tree, { key, sign: signs }, witnesses);
}

/** A checkpoint of a tree, signed, and cosigned. */
export async function checkpointOver(
  tree: { readonly size: number; root(): Uint8Array },
  { key, sign: signs }: Signer,
  witnesses: readonly Signer[] = [],
): Promise<Buffer> {
  const text = formatCheckpoint({ origin: key.name, size: tree.size, root: tree.root(), extensions: [] });
  const signatures = [await signNote(text, key, signs)];
  for (const witness of witnesses) signatures.push(await cosign(text, witness.key, 1_700_000_000, witness.sign));
  return Buffer.from(formatNote({ text, signatures }));
}

/** Where units are, for a move. */
const place = (owner: string, stage: string) => ({ owner, custodian: stage === 'supply' ? 'nvidia' : owner, stage });

/** An event as the ledger keeps it. The first opens the ledger; every other one moves one unit more than its sequence, or back. */
export function anEvent(
  sequence: number,
  change: Partial<{ id: string; quantity: number; ledger: string; said: number }> = {},
): Buffer {
  const quantity = change.quantity ?? sequence;
  const line = { item: 'H100', order: `PO-${sequence}`, line: '1' };
  const event = {
    id: change.id ?? `E-${sequence}`,
    source: 'urn:test',
    type: sequence === 1 ? 'lading.ledger.opened.v1' : 'lading.order.placed.v1',
    subject: sequence === 1 ? 'ledger' : `order/PO-${sequence}`,
    time: '2023-12-01T00:00:00Z',
    ledger: change.ledger ?? LEDGER,
    sequence: change.said ?? sequence,
    recordedtime: new Date(Date.UTC(2023, 11, 1) + sequence).toISOString(),
    actor: 'test',
    data:
      sequence === 1
        ? { name: 'Größe ✓', keeper: 'nvidia' }
        : { ...line, moves: [{ ...line, quantity, from: place('nvidia', 'supply'), to: place('tesla', 'ordered') }] },
  } as unknown as LedgerEvent;
  return Buffer.from(eventText(event));
}

export const someEvents = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => anEvent(i + 1));
