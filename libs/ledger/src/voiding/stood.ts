import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { keyOf } from '#contracts/scalars';
import { rangesOf } from '#contracts/serials';
import { keyAt } from '../account.ts';
import type { EntityKey } from '../entity.ts';
import { standingIn, touched } from '../evolve.ts';
import { holdOf } from '../order/evolveOrder.ts';
import { overlap } from '../supply/evolveCommitments.ts';
import { UnitMap, type UnitRange } from '../unitRanges.ts';
import type { Recorded } from '../view.ts';
import type { Later } from './later.ts';
import { namingOf } from './naming.ts';
import { changedHeaders, headersIn, type Part, releasedBy, type Said, shipmentsIn, valuesIn } from './said.ts';

/** What is known of units with serial numbers. */
export interface Units {
  readonly isSerial: (item: string) => boolean;
  /** Those that each event that is to be taken back put into supply, by its sequence. */
  readonly supplied: ReadonlyMap<number, readonly UnitRange[]>;
}

/** An event that is to be taken back: what later events may need of it. */
export class Stood {
  readonly sequence: number;
  /** What it brought to each account but supply, by `accountKey`, and to each shipment, by its stream. */
  readonly brought = new Map<string, number>();
  readonly #event: LedgerEvent;
  readonly #began: ReadonlySet<EntityKey>;
  readonly #keys: ReadonlySet<EntityKey>;
  readonly #naming: ReadonlyMap<number, string>;
  readonly #values: ReadonlyMap<string, Said>;
  readonly #headers: ReadonlyMap<string, readonly Part[]>;
  readonly #shipments: ReadonlySet<string>;
  readonly #accounts = new Set<string>();
  /** Whose units of which lines it brought, by `keyOf`. */
  readonly #owners = new Set<string>();
  /** What it stopped holding, by order, line and owner. */
  readonly #released: ReadonlySet<string>;
  readonly #added: ReadonlySet<string>;
  readonly #units = new UnitMap<true>();
  /** Accounts of units with serial numbers that it changed: what moves all that such an account has, moves something else without it. */
  readonly #whole = new Set<string>();
  /** Owners of units with serial numbers that it moved, by `keyOf` with the line: what takes the first there are may take others without it. */
  readonly #chosenFrom = new Set<string>();
  /** Accounts to which it moved all that another one had, without naming it. */
  readonly #unnamed = new Set<string>();

  /** @param recorded undefined: its own streams are not known yet */
  constructor(event: LedgerEvent, { isSerial, supplied }: Units, recorded?: Recorded) {
    const { type, data, sequence } = event;
    this.#event = event;
    this.sequence = sequence;
    this.#keys = new Set(touched(event));
    this.#began = recorded === undefined ? new Set() : beganBy(recorded);
    this.#naming = new Map(
      recorded === undefined ? [] : namingOf(recorded, this.#began).map((one) => [one.sequence, one.needs]),
    );
    this.#values = valuesIn(event);
    this.#headers = recorded === undefined ? headersIn(event) : changedHeaders(recorded);
    this.#shipments = shipmentsIn(event);
    this.#released = recorded === undefined ? new Set() : releasedBy(recorded);
    this.#added = new Set(
      type === 'lading.order.lines_added.v1' ? data.lines.map(({ line }) => keyOf(data.order, line)) : [],
    );
    for (const move of movesOf(event)) {
      const to = keyAt(move, move.to);
      this.#accounts.add(keyAt(move, move.from)).add(to);
      this.#owners.add(keyOf(move.order, move.line, move.to.owner));
      if (move.to.stage !== 'supply') this.#brings(to, move.quantity);
      if (move.to.shipment !== undefined && move.from.shipment === undefined)
        this.#brings(`shipment/${move.to.shipment}`, move.quantity);
      if (!isSerial(move.item)) continue;
      this.#whole.add(to).add(keyAt(move, move.from));
      for (const { owner } of [move.from, move.to]) this.#chosenFrom.add(keyOf(move.order, move.line, owner));
      if (move.serials === undefined) this.#unnamed.add(to);
      else for (const range of rangesOf(move.serials)) this.#units.put({ item: move.item, ...range }, true);
    }
    for (const units of supplied.get(sequence) ?? []) this.#units.put(units, true);
    if (type === 'lading.count.adjusted.v1')
      for (const line of data.lines)
        this.#accounts.add(keyAt(line, { owner: line.owner, custodian: data.custodian, stage: 'held' }));
  }

  #brings(key: string, quantity: number): void {
    this.brought.set(key, (this.brought.get(key) ?? 0) + quantity);
  }

  /** What a later event needs of it, in words; undefined: nothing, but maybe that enough units are there, which `Balances` adds up. */
  neededBy(later: Later): string | undefined {
    return (
      this.#entity(later) ??
      this.#naming.get(later.event.sequence) ??
      this.#value(later) ??
      this.#header(later) ??
      this.#counted(later) ??
      this.#held(later) ??
      this.#free(later) ??
      this.#unit(later.event) ??
      this.#owner(later.event)
    );
  }

  #entity(later: Later): string | undefined {
    const key = later.streams.find(
      (one) =>
        (this.#began.has(one) && !one.startsWith('commitments/')) || (this.#keys.has(one) && later.steps.has(one)),
    );
    if (key !== undefined) return key;
    const { data } = this.#event;
    if (later.event.type === 'lading.supply.committed.v1' && 'period' in data) {
      const { supplier, item, period } = later.event.data;
      if (supplier === data.supplier && item === data.item && overlap(period, data.period))
        return `what ${supplier} committed to of ${item}`;
    }
    if (this.#added.size === 0) return undefined;
    const line = [...later.lines].find((one) => this.#added.has(one));
    return line === undefined ? undefined : `a line that it added`;
  }

  #value({ values }: Later): string | undefined {
    if (this.#values.size === 0) return undefined;
    for (const [line, { uses }] of values) {
      const value = this.#values.get(line)?.sets.find((one) => uses.includes(one));
      if (value !== undefined) return `the ${value} of an order line`;
    }
    return undefined;
  }

  #header({ headers, ended }: Later): string | undefined {
    for (const [shipment, parts] of headers) {
      const part = this.#headers.get(shipment)?.find((one) => parts.includes(one));
      if (part !== undefined) return `the ${part} of shipment ${shipment}`;
    }
    const shipment = ended.find((one) => this.#shipments.has(one));
    return shipment === undefined ? undefined : `what is in transit on shipment ${shipment}`;
  }

  #counted({ counted }: Later): string | undefined {
    return counted.some((one) => this.#accounts.has(one)) ? 'what was there when it was counted' : undefined;
  }

  #held({ event }: Later): string | undefined {
    const held = holdOf(event)?.lines;
    if (held === undefined) return undefined;
    const isHeld = movesOf(this.#event).some(({ order, line, to }) =>
      held.some(
        (hold) =>
          hold.order === order &&
          hold.line === line &&
          hold.owner === to.owner &&
          (hold.stage === undefined || hold.stage === to.stage) &&
          (hold.custodian === undefined || hold.custodian === to.custodian) &&
          (hold.shipment === undefined || hold.shipment === to.shipment),
      ),
    );
    return isHeld ? 'the units that it holds' : undefined;
  }

  /** What takes units of which some are held needs those that are free. */
  #free({ takes, squeezed }: Later): string | undefined {
    const isTaken = takes.some((one) => this.#released.has(one)) || squeezed.some((one) => this.#owners.has(one));
    return isTaken ? 'units that are not held for others' : undefined;
  }

  /** A line that says whose it is, of units that are not there by the books: the owner has to have others. */
  #owner({ type, data }: LedgerEvent): string | undefined {
    if (type !== 'lading.shipment.received.v1' && type !== 'lading.shipment.dispatched.v1') return undefined;
    const line = data.lines.find(
      (one) =>
        ('over' in one ? one.over === true : 'received' in one && one.received + (one.damaged ?? 0) === 0) &&
        this.#owners.has(keyOf(one.order, one.line, one.owner)),
    );
    return line && `that ${line.owner} has units of line ${line.line} of order ${line.order}`;
  }

  #unit(later: LedgerEvent): string | undefined {
    if (this.#whole.size === 0) return undefined;
    for (const move of movesOf(later)) {
      const isNamed =
        move.serials === undefined
          ? move.from.stage !== 'supply' &&
            (this.#whole.has(keyAt(move, move.from)) ||
              (CHOOSING.has(later.type) && this.#chosenFrom.has(keyOf(move.order, move.line, move.from.owner))))
          : this.#unnamed.has(keyAt(move, move.from)) ||
            rangesOf(move.serials).some((range) =>
              this.#units.pieces({ item: move.item, ...range }).some(({ value }) => value === true),
            );
      if (isNamed) return 'units by their serial numbers';
    }
    return undefined;
  }
}

/** What takes an owner's units of a line in turn, wherever they are. */
const CHOOSING: ReadonlySet<string> = new Set([
  'lading.shipment.received.v1',
  'lading.shipment.lost.v1',
  'lading.custody.transferred.v1',
  'lading.units.returned.v1',
  'lading.reallocation.made.v1',
  'lading.swap.executed.v1',
]);

/** The entities whose streams begin with the event, as they stand. */
const beganBy = ({ event, streams }: Recorded): Set<EntityKey> =>
  new Set([...streams].filter(([, stream]) => standingIn(stream)[0]?.sequence === event.sequence).map(([key]) => key));
