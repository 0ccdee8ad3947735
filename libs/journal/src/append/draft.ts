import type { LedgerEvent } from '#contracts/cloudEvent';
import type { EntityKey } from '#ledger/entity';
import { occurredFor } from '../sql/occurred.ts';
import type { EventRows } from '../sql/insertEvents.ts';
import type { Receipt } from '../submission.ts';

/** An event that was decided and is not written yet. */
export interface Drafted {
  readonly event: LedgerEvent;
  readonly bytes: Buffer;
  readonly requestHash: Buffer;
  readonly leafHash: Buffer;
  /** The streams that it belongs to. */
  readonly entities: readonly EntityKey[];
  readonly receipt: Receipt;
}

/** What a batch is going to write, in order; the tail of it can be taken back. */
export class Draft {
  private readonly drafted: Drafted[] = [];
  private readonly byId = new Map<string, Drafted>();

  /** @param after the ledger's head: the first event gets the next sequence */
  constructor(readonly after: number) {}

  get size(): number {
    return this.drafted.length;
  }

  get nextSequence(): number {
    return this.after + this.drafted.length + 1;
  }

  add(drafted: Drafted): void {
    this.drafted.push(drafted);
    this.byId.set(identity(drafted.event), drafted);
  }

  find(submitted: { readonly source: string; readonly id: string }): Drafted | undefined {
    return this.byId.get(identity(submitted));
  }

  /** Takes back everything after the first `size` events. */
  rewind(size: number): void {
    for (const { event } of this.drafted.splice(size)) this.byId.delete(identity(event));
  }

  all(): readonly Drafted[] {
    return this.drafted;
  }

  /** The rows of all events but the first `from`. */
  rows(from: number): EventRows {
    const drafted = this.drafted.slice(from);
    return {
      first: this.after + from + 1,
      source: drafted.map(({ event }) => event.source),
      id: drafted.map(({ event }) => event.id),
      type: drafted.map(({ event }) => event.type),
      subject: drafted.map(({ event }) => event.subject),
      occurred: drafted.map(({ event }) => occurredFor(event.time)),
      requestHash: drafted.map(({ requestHash }) => requestHash),
      leafHash: drafted.map(({ leafHash }) => leafHash),
      bytes: drafted.map(({ bytes }) => bytes),
      entity: drafted.flatMap(({ entities }) => entities),
      entitySequence: drafted.flatMap(({ entities, event }) => entities.map(() => event.sequence)),
    };
  }
}

/** What makes a submission one: its source and id; neither holds a blank. */
export const identity = ({ source, id }: { readonly source: string; readonly id: string }): string => `${source} ${id}`;
