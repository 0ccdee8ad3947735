import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { keyOf } from '#contracts/scalars';
import { keyAt } from '../account.ts';
import type { EntityKey } from '../entity.ts';
import { touched } from '../evolve.ts';
import { headersIn, holdsOf, linesIn, type Part, type Said, valuesIn } from './said.ts';

/**
 * What a later event uses, read from that event alone. Each of the hundreds of events that are to be taken back is compared with it, so it
 * is worked out once.
 */
export class Later {
  readonly streams: readonly EntityKey[];
  /** Streams of which each step stands on those before it: of swaps and holds, and of master data that is registered again. */
  readonly steps: ReadonlySet<EntityKey>;
  readonly values: ReadonlyMap<string, Said>;
  readonly headers: ReadonlyMap<string, readonly Part[]>;
  /** Shipments of which it says what depends on the units in transit on them: who gets those, or that no more are coming. */
  readonly ended: readonly string[];
  /** The accounts that it counts, by `accountKey`. */
  readonly counted: readonly string[];
  /** Whose units of which lines it takes or holds, by `keyOf`; those of which some are held for others are `squeezed`. */
  readonly takes: readonly string[];
  readonly squeezed: readonly string[];
  #lines: ReadonlySet<string> | undefined;

  /** @param held whose units of which lines were held before it, by `keyOf` */
  constructor(
    readonly event: LedgerEvent,
    held: ReadonlySet<string>,
  ) {
    const { type, data } = event;
    this.streams = touched(event);
    this.steps = new Set(this.streams.filter((key) => /^(?:swap|hold|party|item)\//.test(key)));
    this.values = valuesIn(event);
    this.headers = headersIn(event);
    this.ended = [
      ...('consignees' in data ? (data.consignees ?? []).map(({ shipment }) => shipment) : []),
      ...('final' in data && data.final === true ? [data.shipment] : []),
    ];
    this.counted =
      type === 'lading.count.adjusted.v1'
        ? data.lines.map((line) => keyAt(line, { owner: line.owner, custodian: data.custodian, stage: 'held' }))
        : [];
    this.takes = [...movesOf(event).map(({ order, line, from }) => keyOf(order, line, from.owner)), ...holdsOf(event)];
    this.squeezed = this.takes.filter((one) => held.has(one));
  }

  /** The order lines that it names or moves units of. */
  get lines(): ReadonlySet<string> {
    this.#lines ??= linesIn(this.event);
    return this.#lines;
  }
}
