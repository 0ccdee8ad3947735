import { parseCheckpoint, type SignedCheckpoint } from './checkpoint.ts';
import { concat, type Hash } from './primitives.ts';
import { formatNote } from './signedNote.ts';
import { bytesOf, fromBase64, hashFrom, Malformed, numberFrom, textOf, toBase64 } from './text.ts';

// A proof that a leaf is in a log, as one file: https://c2sp.org/tlog-proof.

interface TlogProof {
  /** Of the leaf, from 0. */
  readonly index: number;
  /** From the sibling of the leaf up. */
  readonly inclusion: readonly Hash[];
  readonly checkpoint: SignedCheckpoint;
  /** Nobody vouches for it: here, the event itself, which the proof then proves. */
  readonly extra: Uint8Array | undefined;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
/** A tree of 2⁵³ leaves has no longer path. */
const MAX_PATH = 63;

export function formatTlogProof({ index, inclusion, checkpoint, extra }: TlogProof): Uint8Array {
  const lines = [
    FIRST_LINE,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...inclusion.map(toBase64),
  ];
  return concat([bytesOf(`${lines.join('\n')}\n\n`), formatNote(checkpoint.note)]);
}

/** @throws {Malformed} when it is not such a file to the letter. What it says is not verified by that. */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  const text = textOf(bytes);
  const end = text.indexOf('\n\n');
  if (end < 0) throw new Malformed('a proof has an empty line before its checkpoint');
  const [first, ...lines] = text.slice(0, end).split('\n');
  if (first !== FIRST_LINE) throw new Malformed(`the first line of a proof is ${FIRST_LINE}`);
  const extra = lines[0]?.startsWith('extra ') === true ? lines.shift()?.slice('extra '.length) : undefined;
  const index = lines.shift();
  if (index?.startsWith('index ') !== true) throw new Malformed('a proof says the index of its leaf');
  if (lines.length > MAX_PATH) throw new Malformed(`the path of a proof has at most ${MAX_PATH} hashes`);
  return {
    index: numberFrom(index.slice('index '.length), 'the index of the leaf'),
    inclusion: lines.map((line) => hashFrom(line, 'a hash of the path')),
    checkpoint: parseCheckpoint(bytesOf(text.slice(end + 2))),
    extra: extra === undefined ? undefined : fromBase64(extra, 'the extra data'),
  };
}
