/** Something is not as it was, or never was as it should be. */
export interface Finding {
  /** The first event that is wrong. With `last`: one of those, the first of which it is cannot be told. */
  readonly first: number;
  readonly last: number;
  /** The last event before it of which nothing is wrong; 0 when there is none. */
  readonly lastGood: number;
  /** In words, a part of a sentence. */
  readonly what: string;
  /** Checkpoints that cannot both be of one ledger, as they were signed: who has both can show that. */
  readonly fork: readonly Uint8Array[];
}

export class Tampered extends Error implements Finding {
  override readonly name = 'Tampered';
  readonly first: number;
  readonly last: number;
  readonly lastGood: number;
  readonly what: string;
  readonly fork: readonly Uint8Array[];

  constructor({
    first,
    last = first,
    lastGood = first - 1,
    what,
    fork = [],
  }: Partial<Finding> & Pick<Finding, 'first' | 'what'>) {
    super(what);
    this.first = first;
    this.last = last;
    this.lastGood = lastGood;
    this.what = what;
    this.fork = fork;
  }
}

/** Nothing is wrong as far as it goes, and it does not go far enough to say that nothing is. */
export class CannotSay extends Error {
  override readonly name = 'CannotSay';
}
