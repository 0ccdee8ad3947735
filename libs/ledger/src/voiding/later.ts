import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { HeldLine, Move } from '#contracts/move';
import { keyOf } from '#contracts/scalars';
import { keyAt, mayBeNegative } from '../account.ts';
import type { EntityKey } from '../entity.ts';
import { touched } from '../evolve.ts';
import { holdOf } from '../order/evolveOrder.ts';
import { headersIn, holdsOf, linesIn, partOf, valueOf, valuesIn } from './said.ts';

/** Units that an event takes from an account, with what its moves before this one took from there. */
interface Taken {
  readonly account: string;
  readonly quantity: number;
  readonly move: Move;
}

const laters = new WeakMap<LedgerEvent, Later>();

/**
 * What a later event uses, read from that event alone. Hundreds of events are taken back in one batch, and each of them looks at the same
 * later ones: so it is worked out once for each event, and most of it when somebody asks.
 */
export class Later {
  readonly streams: readonly EntityKey[];
  /** What it uses of what others said, by `valueOf` and `partOf`, in words. */
  readonly said: ReadonlyMap<string, string>;
  /** Shipments of which it says what depends on the units in transit on them: who gets those, or that no more are coming. */
  readonly ended: readonly string[];
  /** The accounts that it counts, by `accountKey`. */
  readonly counted: readonly string[];
  /** The units that it holds. */
  readonly holds: readonly HeldLine[];
  /** Of whose units of which lines it says that they are that owner's though none are there by the books, by `keyOf`, in words. */
  readonly owners: readonly (readonly [string, string])[];
  #lines: ReadonlySet<string> | undefined;
  #takes: readonly string[] | undefined;
  #out: readonly Taken[] | undefined;

  private constructor(readonly event: LedgerEvent) {
    const { type, data } = event;
    this.streams = touched(event);
    const said = new Map<string, string>();
    for (const [line, { uses }] of valuesIn(event))
      for (const value of uses) said.set(valueOf(value, line), `the ${value} of an order line`);
    for (const [shipment, parts] of headersIn(event))
      for (const part of parts) said.set(partOf(part, shipment), `the ${part} of shipment ${shipment}`);
    this.said = said;
    this.ended = [
      ...('consignees' in data ? (data.consignees ?? []).map(({ shipment }) => shipment) : []),
      ...('final' in data && data.final === true ? [data.shipment] : []),
    ];
    this.counted =
      type === 'lading.count.adjusted.v1'
        ? data.lines.map((line) => keyAt(line, { owner: line.owner, custodian: data.custodian, stage: 'held' }))
        : [];
    this.holds = holdOf(event)?.lines ?? [];
    this.owners = ownersIn(event);
  }

  static of(event: LedgerEvent): Later {
    let later = laters.get(event);
    if (later === undefined) laters.set(event, (later = new Later(event)));
    return later;
  }

  /** The order lines that it names or moves units of. */
  get lines(): ReadonlySet<string> {
    this.#lines ??= linesIn(this.event);
    return this.#lines;
  }

  /** Whose units of which lines it takes or holds, by `keyOf`. */
  get takes(): readonly string[] {
    this.#takes ??= [
      ...movesOf(this.event).map(({ order, line, from }) => keyOf(order, line, from.owner)),
      ...holdsOf(this.event),
    ];
    return this.#takes;
  }

  /** The units that have to be where it takes them from. */
  get out(): readonly Taken[] {
    this.#out ??= takenBy(this.event);
    return this.#out;
  }
}

/** A line that says whose it is, of units that are not there by the books: the owner has to have others. */
function ownersIn({ type, data }: LedgerEvent): (readonly [string, string])[] {
  if (type !== 'lading.shipment.received.v1' && type !== 'lading.shipment.dispatched.v1') return [];
  return data.lines
    .filter((one) => ('over' in one ? one.over === true : 'received' in one && one.received + (one.damaged ?? 0) === 0))
    .map(({ order, line, owner }) => [
      keyOf(order, line, owner),
      `that ${owner} has units of line ${line} of order ${order}`,
    ]);
}

function takenBy(event: LedgerEvent): Taken[] {
  const out = new Map<string, number>();
  // What a count found too few may come back: what brings it back names it, and a count does not.
  const isTaken = ({ from }: Move): boolean =>
    !(event.type === 'lading.count.adjusted.v1' && mayBeNegative(from.stage));
  return movesOf(event)
    .filter(isTaken)
    .map((move) => {
      const account = keyAt(move, move.from);
      const quantity = (out.get(account) ?? 0) + move.quantity;
      out.set(account, quantity);
      return { account, quantity, move };
    });
}
