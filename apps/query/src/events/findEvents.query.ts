import { Query } from '@nestjs/cqrs';
import type { EventFilter } from '#journal/reader';

export interface FoundEvent {
  readonly sequence: number;
  /** Exactly what the ledger keeps. */
  readonly bytes: Buffer;
}

export interface FoundEvents {
  readonly events: readonly FoundEvent[];
  /** The ledger's last sequence: every event up to it was looked at. */
  readonly head: number;
  readonly more: boolean;
}

/** A ledger's events after a sequence, in order. */
export class FindEvents extends Query<FoundEvents> {
  declare readonly found: FoundEvents;

  constructor(
    readonly ledger: string,
    readonly minSequence: number | undefined,
    readonly after: number,
    readonly limit: number,
    readonly filter: EventFilter,
  ) {
    super();
  }
}

/** One event's bytes; undefined when the ledger does not go that far. */
export class FindEvent extends Query<{ readonly bytes: Buffer | undefined; readonly head: number }> {
  constructor(
    readonly ledger: string,
    readonly minSequence: number | undefined,
    readonly sequence: number,
  ) {
    super();
  }
}
