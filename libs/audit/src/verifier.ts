import { bytesIn, CompactRange, type Digest, digestIn, leafDigest } from '#proofs/compactRange';
import { type Hash, sameBytes } from '#proofs/primitives';
import { MAX_ENTRY } from '#proofs/tiles';
import { Balances } from './balances.ts';
import { type Anchor, Checkpoints, contradiction, damage, forked, missing, nameOf, type Trust } from './checkpoints.ts';
import type { EarlierRun } from './earlierRun.ts';
import type { Entries, Item, Read } from './items.ts';
import { readAhead } from './readAhead.ts';
import { movesAtOnce, movesIn, readTold } from './told.ts';
import { GrowingTree } from './tree.ts';
import { CannotSay, type Finding, Tampered } from './verdict.ts';

/** A relay that was killed publishes its last events again. So many leaves are remembered, to tell that they are the same. */
const REMEMBERED = 16_384;

interface VerifierOptions {
  readonly ledger: string;
  readonly trust: Trust;
  /** Whether to fold the moves. */
  readonly fold: boolean;
  /** What an earlier run saw, and where it stood. */
  readonly earlier?: EarlierRun | undefined;
  /** Go on where the earlier run stood: what it read is not read again. */
  readonly resume?: boolean;
  /** Checkpoints that somebody else kept. */
  readonly given?: readonly Uint8Array[];
}

export interface Verified {
  /** The newest checkpoint that agrees, and counts: it covers `size` events. */
  readonly checkpoint: Anchor;
  /** Events that were read after those: no checkpoint covers them yet. */
  readonly uncovered: number;
  /** Checkpoints that agree. */
  readonly agreed: number;
  /** Checkpoints that are signed by keys which nobody gave. */
  readonly passedOver: number;
  /** Records that say an event once more, the same. */
  readonly repeated: number;
}

/**
 * Holds the events of a ledger against its checkpoints, in one pass. What is in memory does not grow with the ledger, only with its
 * accounts. The first thing that is wrong ends it.
 */
export class Verifier {
  readonly balances: Balances;
  readonly #options: VerifierOptions;
  readonly #tree: GrowingTree;
  readonly #checkpoints: Checkpoints;
  readonly #recent = new Array<Digest | undefined>(REMEMBERED);
  /** Where an earlier run stood from which this one goes on. */
  readonly #from: number;
  #covering: Anchor | undefined;
  /** The last event that the source has shown, whether it was read before or not. */
  #shown = 0;
  /** Events that a checkpoint covers which agrees, whether it counts or not. */
  #agreedSize: number;
  #agreed = 0;
  #repeated = 0;
  /** It is not as an earlier run saw it: the rest is read for a checkpoint that proves it to others. */
  #suspect: (Finding & { readonly note?: Uint8Array | undefined }) | undefined;
  /** A checkpoint of the source says otherwise. The stored hashes that come next tell which of its events it is, where there are any. */
  #contradicted: Tampered | undefined;
  /** The moves do not add up. Whether that is how the ledger kept them, or somebody changed them since, a checkpoint will tell. */
  #unbalanced: Finding | undefined;

  constructor(options: VerifierOptions) {
    this.#options = options;
    const stood = options.resume === true ? options.earlier?.stood : undefined;
    this.#tree = new GrowingTree(stood && CompactRange.of(stood.size, stood.roots));
    this.balances = new Balances(stood?.balances);
    this.#checkpoints = new Checkpoints(options.trust);
    this.#from = stood?.size ?? 0;
    this.#agreedSize = this.#from;
  }

  /** How many events were read. */
  get size(): number {
    return this.#tree.size;
  }

  get roots(): readonly Hash[] {
    return this.#tree.roots;
  }

  /** The newest checkpoint that agrees, and counts. */
  get covering(): Anchor | undefined {
    return this.#covering;
  }

  /**
   * @param onProgress is waited for after each part of the source
   * @throws {Tampered} at the first thing that is wrong
   * @throws {CannotSay} when there is nothing to hold the events against, or the source ends early
   */
  async verify(source: AsyncIterable<Item>, onProgress?: () => Promise<void> | void): Promise<Verified> {
    const { earlier, given = [] } = this.#options;
    try {
      if (earlier?.checkpoint !== undefined) await this.#add(earlier.checkpoint, 'earlier');
      for (const note of given) await this.#add(note, 'given');
      for await (const item of readAhead(source, this.#options)) {
        await this.#take(item);
        await onProgress?.();
      }
      return this.#finish();
    } catch (error) {
      throw this.#wrongFirst(error);
    }
  }

  /** What was seen first is what is wrong first. */
  #wrongFirst(error: unknown): unknown {
    const contradicted = this.#contradicted;
    if (contradicted !== undefined && !(error instanceof Tampered && error.first <= contradicted.last))
      return contradicted;
    const isPlain = error instanceof Tampered && error.fork.length === 0;
    return isPlain && this.#suspect !== undefined ? new Tampered(this.#suspect) : error;
  }

  async #take(item: Item): Promise<void> {
    if (this.#contradicted !== undefined) {
      if (item.kind === 'hashes') this.#tree.compare(item);
      throw this.#contradicted;
    }
    switch (item.kind) {
      case 'checkpoint':
        await this.#add(item.note, 'source');
        break;
      case 'entries':
        this.#takeEntries(item, await item.read);
        break;
      case 'hashes':
        this.#tree.compare(item);
        break;
      case 'roots':
        if (item.size !== this.size || !sameBytes(item.roots, Buffer.concat(this.roots)))
          throw new Tampered({
            first: this.size,
            what: `the head of the ledger keeps the tree of other events than the ${this.size} that there are`,
          });
        break;
      case 'damaged':
        throw damage(item, this.size + 1);
      case 'broken':
        if (this.#suspect !== undefined) throw new Tampered(this.#suspect);
        throw new CannotSay(`${item.why}. Up to event ${this.size} nothing is wrong`);
    }
  }

  async #add(bytes: Uint8Array, whose: Anchor['whose']): Promise<void> {
    const behind = await this.#checkpoints.add(bytes, whose, this.size, this.#agreedSize);
    if (behind === undefined) {
      this.#hold();
      return;
    }
    if (behind.size > this.#from)
      throw new Tampered({
        first: Math.max(1, behind.size),
        lastGood: this.#agreedSize,
        what: `${nameOf(behind)} stands after event ${this.size}, where it cannot be held against the events`,
      });
    // The run from which this one goes on has held it against them.
    if (whose === 'earlier' && this.#checkpoints.counts(behind)) this.#covering = behind;
  }

  #takeEntries(item: Entries, read: Read | undefined): void {
    const { first, entries } = item;
    this.#shown = Math.max(this.#shown, first + entries.length - 1);
    for (const [index, bytes] of entries.entries()) {
      if (first + index <= this.size) this.#again(first + index, bytes);
      else this.#next(item, index, bytes, read);
    }
  }

  #next({ first, beside }: Entries, index: number, bytes: Uint8Array, read: Read | undefined): void {
    const [sequence, claimed] = [this.size + 1, first + index];
    if (claimed > sequence)
      throw new Tampered({
        first: sequence,
        last: claimed - 1,
        what: `${claimed - sequence === 1 ? 'it is' : 'they are'} missing: after event ${sequence - 1} comes event ${claimed}`,
      });
    if (bytes.length > MAX_ENTRY)
      throw new Tampered({
        first: sequence,
        what: `it has ${bytes.length} bytes, and no event has more than ${MAX_ENTRY}`,
      });
    const { ledger, fold } = this.#options;
    const atOnce = (): string | undefined => (beside === undefined ? movesAtOnce(bytes, ledger, sequence) : undefined);
    const moves = read === undefined ? atOnce() : read.moves[index];
    const told = moves === undefined ? readTold(bytes, ledger, sequence) : {};
    const leaf = read === undefined ? leafDigest(bytes) : digestIn(read.leaves, index);
    const wrong = beside?.(index, told, bytesIn(leaf));
    if (wrong !== undefined) throw new Tampered({ first: sequence, what: wrong });
    if (this.#suspect === undefined && this.#options.earlier?.marks.differs(sequence, leaf) === true)
      this.#suspect = {
        first: sequence,
        last: sequence,
        lastGood: sequence - 1,
        what: 'it is not what an earlier run saw there: it was replaced since',
        fork: [],
        note: this.#options.earlier.checkpoint,
      };
    if (fold && this.#unbalanced === undefined) {
      const what = moves === undefined ? this.balances.book(movesIn(told)) : this.balances.bookText(moves);
      if (what !== undefined)
        this.#unbalanced = { first: sequence, last: sequence, lastGood: sequence - 1, what, fork: [] };
    }
    this.#recent[sequence % REMEMBERED] = leaf;
    this.#tree.append(leaf);
    this.#options.earlier?.marks.add(sequence, leaf);
    if (this.#checkpoints.next === sequence) this.#hold();
  }

  /** An event that was read already. A relay that was killed publishes its last events again, and readers pass over them. */
  #again(sequence: number, bytes: Uint8Array): void {
    if (sequence <= this.#from) return;
    const seen = sequence > this.size - REMEMBERED ? this.#recent[sequence % REMEMBERED] : undefined;
    if (seen !== leafDigest(bytes))
      throw new Tampered({
        first: sequence,
        what:
          seen === undefined
            ? `it stands there once more, long after it: after event ${this.size}`
            : 'it stands there twice, and not the same',
      });
    this.#repeated += 1;
  }

  /** Holds what was read against the checkpoints of that size. */
  #hold(): void {
    while (this.#checkpoints.next <= this.size) {
      if (this.#checkpoints.next === this.#checkpoints.fork?.[0].size) this.#forked(this.#checkpoints.fork);
      const root = this.#tree.root();
      for (const checkpoint of this.#checkpoints.take()) {
        if (sameBytes(checkpoint.root, root)) this.#agrees(checkpoint);
        else this.#contradicts(checkpoint, root);
      }
    }
  }

  #agrees(checkpoint: Anchor): void {
    if (this.#suspect !== undefined) {
      if (checkpoint.whose !== 'source' || checkpoint.signedBy.length === 0) return;
      const { note } = this.#suspect;
      throw new Tampered({
        ...this.#suspect,
        what: `${this.#suspect.what}, and ${nameOf(checkpoint)} is signed over what stands there now: the ledger was forked`,
        fork: [...(note === undefined ? [] : [note]), checkpoint.bytes],
      });
    }
    if (this.#unbalanced !== undefined) throw new Tampered(this.#unbalanced);
    this.#agreedSize = checkpoint.size;
    this.#agreed += 1;
    if (!this.#checkpoints.counts(checkpoint)) return;
    this.#covering = checkpoint;
    this.#options.earlier?.marks.cover(checkpoint.size);
  }

  /** Whichever of the two these events have: who signed them both forked the ledger. */
  #forked(pair: readonly [Anchor, Anchor]): never {
    throw forked(
      pair,
      this.#suspect ?? { first: this.#agreedSize + 1, last: pair[0].size, lastGood: this.#agreedSize },
    );
  }

  #contradicts(checkpoint: Anchor, root: Hash): void {
    const finding = contradiction(checkpoint, root, this.#agreedSize, this.#unbalanced?.first);
    if (checkpoint.whose !== 'source') this.#suspect ??= { ...finding, note: checkpoint.bytes };
    else if (this.#suspect !== undefined) throw new Tampered(this.#suspect);
    else this.#contradicted ??= new Tampered(finding);
  }

  #finish(): Verified {
    if (this.#contradicted !== undefined) throw this.#contradicted;
    if (this.#checkpoints.fork !== undefined) this.#forked(this.#checkpoints.fork);
    if (this.#suspect !== undefined) throw new Tampered(this.#suspect);
    const { last = this.#covering } = this.#checkpoints;
    const isBelieved = last !== undefined && (last.signedBy.length > 0 || last.whose === 'earlier');
    if (isBelieved && last.size > this.#shown) throw missing(last, this.#shown);
    if (this.#unbalanced !== undefined) throw new Tampered(this.#unbalanced);
    if (this.#covering === undefined) throw new CannotSay(this.#checkpoints.whyNoneCounts(this.#agreed, this.size));
    return {
      checkpoint: this.#covering,
      uncovered: this.size - this.#covering.size,
      agreed: this.#agreed,
      passedOver: this.#checkpoints.passedOver,
      repeated: this.#repeated,
    };
  }
}
