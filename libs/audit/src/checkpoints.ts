import { cosignaturesOf, parseCheckpoint, type SignedCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { type Hash, sameBytes } from '#proofs/primitives';
import { BadSignature, signersOf, type VerifierKey } from '#proofs/signedNote';
import { counted, Malformed, toBase64 } from '#proofs/text';
import type { Damaged } from './items.ts';
import { CannotSay, type Finding, Tampered } from './verdict.ts';

/** Whose word counts. */
export interface Trust {
  /** Of the ledger. All have its origin as their name; several where its key was changed. */
  readonly keys: readonly VerifierKey[];
  readonly witnesses: readonly VerifierKey[];
  /** How many of the witnesses must have signed a checkpoint before it counts. */
  readonly quorum: number;
}

/** Where a checkpoint is from: what is read, an earlier run, or who runs this. */
type Whose = 'source' | 'earlier' | 'given';

export interface Anchor {
  readonly size: number;
  readonly root: Hash;
  readonly bytes: Uint8Array;
  readonly whose: Whose;
  /** By a key of the ledger. */
  readonly signedBy: readonly VerifierKey[];
  readonly cosignedBy: readonly VerifierKey[];
}

const FROM: Readonly<Record<Whose, string>> = {
  source: 'the checkpoint',
  earlier: 'the checkpoint that an earlier run saved',
  given: 'the checkpoint that was given',
};
export const nameOf = ({ whose, size }: Pick<Anchor, 'whose' | 'size'>): string =>
  `${FROM[whose]} of ${counted(size, 'event')}`;

/** The size that a checkpoint says, before anybody has verified it; 0 when it says none. */
export const sizeIn = (note: Uint8Array): number =>
  Number(/^[^\n]*\n(0|[1-9]\d{0,14})\n/.exec(Buffer.from(note).toString('utf8'))?.[1] ?? 0);

/** The checkpoints that the events are held against, until their size is reached. */
export class Checkpoints {
  readonly #trust: Trust;
  /** In the order of their sizes. */
  readonly #waiting: Anchor[] = [];
  #passedOver = 0;
  #fork: readonly [Anchor, Anchor] | undefined;

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  /** Checkpoints that are signed by keys which nobody gave: nothing can be said about them. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /** The size of the next one; Infinity when there is none. */
  get next(): number {
    return this.#waiting[0]?.size ?? Infinity;
  }

  /** Two checkpoints of one size, with different roots, both signed by the ledger: the smallest of such a pair. */
  get fork(): readonly [Anchor, Anchor] | undefined {
    return this.#fork;
  }

  get last(): Anchor | undefined {
    return this.#waiting.at(-1);
  }

  /** Those of this size, which is the next. */
  take(): Anchor[] {
    const { next } = this;
    return this.#waiting.splice(0, this.#waiting.filter(({ size }) => size === next).length);
  }

  counts({ signedBy, cosignedBy }: Anchor): boolean {
    return signedBy.length > 0 && cosignedBy.length >= this.#trust.quorum;
  }

  /**
   * @param after how many events were read before it
   * @param lastGood how many of them an earlier checkpoint covers
   * @returns the checkpoint, when it is of fewer events, and can be held against them no more
   * @throws {Tampered} when it is not as it was signed @throws {CannotSay} when it was given, and not the key that signed it
   */
  async add(bytes: Uint8Array, whose: Whose, after: number, lastGood: number): Promise<Anchor | undefined> {
    const wrong = (what: string, first = after + 1, fork: readonly Uint8Array[] = []) =>
      new Tampered({ first, lastGood, what, fork });
    let read: SignedCheckpoint;
    try {
      read = parseCheckpoint(bytes);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw wrong(`${FROM[whose]} there is none: ${error.message}`);
    }
    const { size, root, origin, note } = read;
    const name = nameOf({ whose, size });
    let signedBy: readonly VerifierKey[];
    let cosignedBy: readonly VerifierKey[];
    try {
      signedBy = await signersOf(note, this.#trust.keys, onNode);
      cosignedBy = (await cosignaturesOf(note, this.#trust.witnesses, onNode)).map(({ witness }) => witness);
    } catch (error) {
      if (!(error instanceof BadSignature)) throw error;
      throw wrong(`${name} was changed after it was signed: ${error.message}`, Math.max(1, size));
    }
    const other = signedBy.find((key) => key.name !== origin);
    if (other !== undefined)
      throw wrong(`${name} is of ${origin}, and signed with the key of ${other.name}`, Math.max(1, size));
    // Without any key it is still held against the events: it proves nothing to anybody, and shows a damage. So is what this auditor
    // kept, of which an earlier run was sure: the key of the ledger may have been changed since.
    if (signedBy.length === 0 && whose !== 'earlier') {
      if (whose === 'given' && this.#trust.keys.length > 0)
        throw new CannotSay(`${name} is signed by none of the verifier keys: give the one that signed it as well`);
      this.#passedOver += 1;
      if (this.#trust.keys.length > 0) return undefined;
    }
    const anchor = { size, root, bytes, whose, signedBy, cosignedBy };
    if (size < after) return anchor;
    this.#insert(anchor);
    return undefined;
  }

  /** Why nothing is proved. @param agreed how many checkpoints agree with the events, whether they count or not */
  whyNoneCounts(agreed: number, size: number): string {
    const { keys, quorum, witnesses } = this.#trust;
    if (keys.length === 0) return 'no verifier key was given, so no checkpoint proves anything';
    if (agreed > 0) return `no checkpoint there is signed by ${quorum} of the ${witnesses.length} witnesses`;
    if (this.#passedOver === 0 && size === 0) return 'there is neither an event nor a checkpoint of it';
    if (this.#passedOver === 0) return `there is no checkpoint to hold the ${counted(size, 'event')} against`;
    const there = this.#passedOver === 1 ? 'only checkpoint there is' : `${this.#passedOver} checkpoints there are`;
    return `the ${there} signed by other keys than the one of ${keys[0]?.name ?? ''} that was given`;
  }

  #insert(anchor: Anchor): void {
    const { size, root, signedBy } = anchor;
    const other = this.#waiting.find(
      (one) => one.size === size && !sameBytes(one.root, root) && one.signedBy.length > 0,
    );
    if (other !== undefined && signedBy.length > 0 && size < (this.#fork?.[0].size ?? Infinity))
      this.#fork = [other, anchor];
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.size ?? 0) > size) at -= 1;
    this.#waiting.splice(at, 0, anchor);
  }
}

/** The events have another root than a checkpoint says. @param unbalanced the first event whose moves do not add up */
export function contradiction(checkpoint: Anchor, root: Hash, agreedSize: number, unbalanced = Infinity): Finding {
  const { size } = checkpoint;
  const first = Math.min(agreedSize + 1, Math.max(1, size));
  const what = `the root of the first ${counted(size, 'event')} is ${toBase64(root)}, and ${nameOf(checkpoint)} says ${toBase64(checkpoint.root)}`;
  // Moves that do not add up were changed there, or before.
  return { first, last: Math.max(first, Math.min(size, unbalanced)), lastGood: agreedSize, what, fork: [] };
}

/** What comes next cannot be read. @param next the event that would be read next */
export function damage({ why: what, ...where }: Damaged, next: number): Tampered {
  const { first = next, last = first } = where;
  return new Tampered({ first, last: Math.max(first, last), lastGood: Math.min(first, next) - 1, what });
}

/** The source ends before the last event that a checkpoint covers. */
export function missing(last: Anchor, end: number): Tampered {
  const [are, them] = last.size - end === 1 ? ['it is', 'it'] : ['they are', 'them'];
  const what = `${are} missing: ${nameOf(last)} covers ${them}, and the source ends after event ${end}`;
  return new Tampered({ first: end + 1, last: last.size, what });
}

/** Two trees of one size are signed. @param where which events are wrong */
export function forked(
  [one, other]: readonly [Anchor, Anchor],
  { first, last, lastGood }: Pick<Finding, 'first' | 'last' | 'lastGood'>,
): Tampered {
  const roots = `${toBase64(one.root)} and ${toBase64(other.root)}`;
  const what = `there are two checkpoints of ${counted(one.size, 'event')}, with the roots ${roots}, both signed by ${other.signedBy[0]?.name ?? ''}: the ledger was forked`;
  return new Tampered({ first, last, lastGood, what, fork: [one.bytes, other.bytes] });
}
