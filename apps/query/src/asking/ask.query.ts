import { Query } from '@nestjs/cqrs';
import type { ReadModel } from '#projections/reading/readModel';

/** What was read, and where it stands. */
export interface Standing<R> {
  /** The sequence of the last event that the answer knows. */
  readonly sequence: number;
  readonly result: R;
}

/** Asks one ledger's read models: one version, one snapshot. */
export class Ask<R> extends Query<Standing<R>> {
  constructor(
    readonly ledger: string,
    /** The answer knows at least this sequence. */
    readonly minSequence: number | undefined,
    readonly read: (model: ReadModel) => Promise<R>,
  ) {
    super();
  }
}
