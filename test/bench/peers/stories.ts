import { hash } from 'node:crypto';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Submission } from '#journal/submission';
import { Sandbox } from '#ledger/sandbox';
import { LEDGER, submitted, submittedCast } from '../benchLedger.ts';

/** One event to append. */
export interface StoryEvent {
  /** What Lading is told. */
  readonly submission: Submission;
  /** What Lading makes of it and keeps: the peers are told that, since nothing of theirs completes an event. */
  readonly kept: LedgerEvent;
  /** How many events its subject has before it: the version that a peer is to expect. */
  readonly before: number;
  /** Its id, where an id has to be a UUID. */
  readonly uuid: string;
}

/** An order of one line, its dispatch, its receipt: each is sent when the one before it was answered. */
export type Story = readonly StoryEvent[];

export const uuidOf = (id: string): string =>
  hash('md5', id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Makes stories that follow each other in one ledger, by Lading's own rules in memory. */
export class Stories {
  readonly #memory = new Sandbox({ ledger: LEDGER, actor: 'bench' });
  /** Whom and what the stories are about, to be submitted before them. */
  readonly cast: readonly Submission[];

  constructor() {
    this.cast = submittedCast();
    for (const submission of this.cast) this.#keep(submission);
  }

  make(prefix: string, count: number): Story[] {
    return Array.from({ length: count }, (_, n) => this.#story(`${prefix}-${n}`));
  }

  #story(name: string): Story {
    const [order, shipment, quantity] = [`PO-${name}`, `S-${name}`, 8];
    const line = { order, line: '1', owner: 'tesla' };
    return (
      [
        ['lading.order.placed.v1', 0, { order, buyer: 'tesla', supplier: 'nvidia', lines: [{ ...LINE, quantity }] }],
        [
          'lading.shipment.dispatched.v1',
          0,
          { shipment, consignee: 'tesla', carrier: 'dhl', destination: 'Austin', lines: [{ ...line, quantity }] },
        ],
        [
          'lading.shipment.received.v1',
          1,
          {
            ...{ shipment, by: 'tesla', final: true },
            lines: [{ ...line, received: quantity, damaged: 0, surplus: 0 }],
          },
        ],
      ] as const
    ).map(([type, before, data], n) => {
      const submission = submitted(`${name}-${n}`, type, data);
      return { submission, kept: this.#keep(submission), before, uuid: uuidOf(submission.event.id) };
    });
  }

  #keep({ event }: Submission): LedgerEvent {
    const decision = this.#memory.submit(event, new Date(event.time));
    if (!decision.ok) throw new Error(`an event of the bench is refused: ${decision.code}`);
    const kept = this.#memory.events.at(-1);
    if (kept === undefined) throw new Error('an event of the bench was not kept');
    return { ...kept, id: event.id };
  }
}

const LINE = { line: '1', item: 'H100', window: { from: '2023-12-01', to: '2023-12-31' } };
