import type { Digest } from '#proofs/compactRange';
import type { Hash } from '#proofs/primitives';

/** What an earlier run left behind. */
export interface EarlierRun {
  /** The newest checkpoint that agreed. */
  readonly checkpoint: Uint8Array | undefined;
  /** Where it ended, or was stopped. */
  readonly stood:
    | {
        readonly size: number;
        readonly roots: readonly Hash[];
        /** Undefined when that run did not fold the moves. */
        readonly balances: readonly (readonly [string, number])[] | undefined;
      }
    | undefined;
  readonly marks: Marks;
}

/** Some bytes of each leaf that an earlier run saw: they prove nothing, and tell which event is not the same any more. */
export interface Marks {
  /** Undefined when no earlier run saw this event. */
  differs(sequence: number, leaf: Digest): boolean | undefined;
  add(sequence: number, leaf: Digest): void;
  /** A checkpoint covers the events up to this one: they will not change. */
  cover(size: number): void;
}
