import { setTimeout as sleep } from 'node:timers/promises';
import { AUTHORIZATION, cloudEvent, LEDGER, pathOf } from '../topology/startTopology.ts';

/** Units of each order: all are dispatched, most arrive. */
const QUANTITY = 8;
const PATIENCE_MS = 10_000;
const PAUSE_MS = 25;

export interface SubmittersOptions {
  /** Part of every id; no two submitters of one ledger have the same name. */
  readonly name: string;
  /** The usual one unless given. */
  readonly ledger?: string;
  /** The URLs of the writing services. */
  readonly urls: readonly string[];
  /** How many events are under way at the same time. */
  readonly count: number;
  /** The number of orders after which the submitters stop; each order has three events. */
  readonly most: number;
}

/**
 * Submitters who never give up: each event is sent again with the same id, to the next writing service, until it is answered.
 * Every order is placed, dispatched and received, so that later events rest on earlier ones.
 */
export class Submitters {
  /** The sequence that each event was answered with, by its id. */
  readonly answered = new Map<string, number>();
  /** How often an event had to be sent again. */
  retries = 0;
  #running: Promise<unknown> | undefined;
  #stopping = false;
  #orders = 0;

  constructor(private readonly options: SubmittersOptions) {}

  start(): void {
    this.#stopping = false;
    this.#running = Promise.all(Array.from({ length: this.options.count }, (_, n) => this.#submitter(n)));
    // The error is thrown by `stop`.
    this.#running.catch(() => undefined);
  }

  /** Resolves when every event that was sent is answered. @throws when one was refused */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** Resolves when this many further events were answered. */
  async goOn(events: number): Promise<void> {
    const enough = this.answered.size + events;
    while (this.answered.size < enough) {
      if (this.#stopping || this.#orders >= this.options.most) throw new Error('the submitters have stopped');
      await sleep(5);
    }
  }

  async #submitter(first: number): Promise<void> {
    let writer = first;
    while (!this.#stopping && this.#orders < this.options.most) {
      for (const [id, body] of storyOf(`${this.options.name}-${this.#orders++}`)) {
        writer = await this.#submit(id, body, writer);
        await sleep(PAUSE_MS);
      }
    }
  }

  /** @returns the writing service that answered */
  async #submit(id: string, body: string, writer: number): Promise<number> {
    const { urls, ledger = LEDGER } = this.options;
    for (; ; writer++) {
      const url = `${String(urls[writer % urls.length])}${pathOf(ledger)}`;
      const sequence = await send(url, id, body);
      if (sequence !== undefined) {
        this.answered.set(id, sequence);
        return writer;
      }
      this.retries += 1;
      await sleep(50);
    }
  }
}

/** @returns the sequence; undefined when nobody knows what has become of the event. @throws when it was refused */
async function send(url: string, id: string, body: string): Promise<number | undefined> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { ...AUTHORIZATION, 'content-type': 'application/cloudevents+json' },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    status = response.status;
    text = await response.text();
  } catch {
    return undefined;
  }
  if (status === 503) return undefined;
  if (status !== 201 && status !== 200) throw new Error(`event ${id} was answered ${status}: ${text}`);
  return (JSON.parse(text) as { sequence: number }).sequence;
}

function storyOf(name: string): readonly [id: string, body: string][] {
  const [order, shipment] = [`PO-${name}`, `S-${name}`];
  const lines = [{ line: '1', item: 'H100', quantity: QUANTITY, window: { from: '2023-12-01', to: '2023-12-31' } }];
  const dispatched = { shipment, consignee: 'tesla', carrier: 'dhl', destination: 'Austin', eta: '2023-12-28' };
  const of = { order, line: '1', owner: 'tesla' };
  const damaged = name.length % 3;
  const received = { ...of, received: QUANTITY - damaged, damaged, surplus: 0 };
  const story = [
    ['placed', 'lading.order.placed.v1', { order, buyer: 'tesla', supplier: 'nvidia', lines }],
    ['sent', 'lading.shipment.dispatched.v1', { ...dispatched, lines: [{ ...of, quantity: QUANTITY }] }],
    ['there', 'lading.shipment.received.v1', { shipment, by: 'tesla', final: true, lines: [received] }],
  ] as const;
  return story.map(([what, type, data]) => [
    `${what}-${name}`,
    JSON.stringify(cloudEvent(`${what}-${name}`, type, data)),
  ]);
}
