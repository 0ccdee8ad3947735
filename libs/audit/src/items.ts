/** Some events of a ledger as they stand in a source, the first of them and those that follow it. */
export interface Entries {
  readonly kind: 'entries';
  /** What the source says is the sequence of the first. */
  readonly first: number;
  readonly entries: readonly Uint8Array[];
  /** The same as an entry bundle, where the source has them as one. */
  readonly bundle?: Uint8Array;
  /** What the source keeps beside an event, held against it. @returns what is wrong; undefined when nothing is */
  readonly beside?:
    | ((index: number, event: Readonly<Record<string, unknown>>, leaf: Uint8Array) => string | undefined)
    | undefined;
  /** What they say by themselves, where another thread has read them. */
  readonly read?: Promise<Read | undefined>;
}

/** What entries say by themselves, whatever came before them. */
export interface Read {
  /** The digests of their leaves, one after the other. */
  readonly leaves: string;
  /** As `movesAtOnce` tells them; empty for whoever does not want them. */
  readonly moves: readonly (string | undefined)[];
}

/** A signed checkpoint, as its bytes. It comes before the event after its last one. */
interface Note {
  readonly kind: 'checkpoint';
  readonly note: Uint8Array;
}

/** Hashes that a source keeps of its tree: those of a tile, which stands right after the last event that it stands for. */
export interface Hashes {
  readonly kind: 'hashes';
  readonly level: number;
  /** Of the first hash, counted in hashes of this level from the beginning of the ledger. */
  readonly first: number;
  /** One after the other, 32 bytes each. */
  readonly hashes: Uint8Array;
}

/** The tree that the head of a ledger keeps: the roots of its full subtrees, the largest first. It comes after its last event. */
interface Roots {
  readonly kind: 'roots';
  readonly size: number;
  readonly roots: Uint8Array;
}

/** The source ends where it should not: nothing can be said of what comes after. */
interface Broken {
  readonly kind: 'broken';
  readonly why: string;
}

/** What comes next cannot be read, though it is all there: it was changed. */
export interface Damaged {
  readonly kind: 'damaged';
  readonly why: string;
  /** Which events: by default the next one. Of several, the first that is wrong cannot be told. */
  readonly first?: number;
  readonly last?: number;
}

export type Item = Entries | Note | Hashes | Roots | Broken | Damaged;
