interface About {
  /** `Lading-Sequence`: where the answer stands; left out where it is about no single ledger. */
  readonly sequence?: number;
  /** `ETag`: the version of the entity's stream, to submit with `If-Match`. */
  readonly version?: number | undefined;
  /** Of a body that is bytes; others are JSON. */
  readonly type?: string;
}

/** What an asking route answers: its body, and what the headers say about it. */
export class Answer<T = unknown> {
  constructor(
    readonly body: T,
    readonly about: About,
  ) {}
}
