import type { Entity } from '#ledger/entity';

/** An entity as far as this writer has read or written its stream. */
export interface Known {
  /** Undefined when it is known that there is none. */
  readonly entity: Entity | undefined;
  /** Events of its stream since its newest snapshot. */
  readonly sinceSnapshot: number;
}

/** The sequence of the last event of its stream that is in it; 0 when there is none. */
export const versionOf = (known: Known): number => known.entity?.version ?? 0;
