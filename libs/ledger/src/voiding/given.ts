import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { HeldLine, Move, Place } from '#contracts/move';
import { keyOf } from '#contracts/scalars';
import { rangesOf } from '#contracts/serials';
import { keyAt } from '../account.ts';
import type { EntityKey } from '../entity.ts';
import { standingIn, touched } from '../evolve.ts';
import { overlap } from '../supply/evolveCommitments.ts';
import { UnitMap, type UnitRange } from '../unitRanges.ts';
import type { Recorded } from '../view.ts';
import type { Later } from './later.ts';
import { namingOf } from './naming.ts';
import { changedHeaders, headersIn, partOf, releasedBy, shipmentsIn, valueOf, valuesIn } from './said.ts';

/** What is known of units with serial numbers. */
export interface Units {
  readonly isSerial: (item: string) => boolean;
  /** Those that each event that is to be taken back put into supply, by its sequence. */
  readonly supplied: ReadonlyMap<number, readonly UnitRange[]>;
}

/**
 * What the events that are to be taken back gave, and later ones may need. It is kept by what it is and not by who gave it: so a later
 * event is looked at once, however many are to be taken back.
 */
export class Given {
  /** What they began, and what each step of stands on the step before it. */
  readonly #entities = new Set<EntityKey>();
  readonly #naming = new Map<number, string>();
  readonly #added = new Set<string>();
  readonly #committed: LedgerEvent<'lading.supply.committed.v1'>['data'][] = [];
  /** Values and parts of headers, by `valueOf` and `partOf`. */
  readonly #said = new Set<string>();
  readonly #shipments = new Set<string>();
  #hasNumbers = false;
  #unlisted: Move[] = [];
  readonly #accounts = new Set<string>();
  /** Where they brought units, by `accountKey`, and those by whose units of which lines, by `keyOf`. */
  readonly #brought = new Map<string, Map<string, Place>>();
  /** What they stopped holding, by order, line and owner. */
  readonly #released = new Set<string>();
  readonly #units = new UnitMap<true>();
  /** Accounts of units with serial numbers that they changed: what moves all that such an account has, moves something else without them. */
  readonly #whole = new Set<string>();
  /** Owners of units with serial numbers that they moved, by `keyOf` with the line: what takes the first there are may take others without them. */
  readonly #chosenFrom = new Set<string>();
  /** Accounts to which they moved all that another one had, without naming it. */
  readonly #unnamed = new Set<string>();

  constructor(private readonly known: Units) {}

  /**
   * Adds what an event gave.
   *
   * @param recorded undefined: its own streams are not known yet
   * @returns how many units it brought to each account but supply, by `accountKey`, and to each shipment, by its stream
   */
  add(event: LedgerEvent, recorded?: Recorded): ReadonlyMap<string, number> {
    const { type, data, sequence } = event;
    const began = recorded === undefined ? new Set<EntityKey>() : beganBy(recorded);
    // Two commitments meet only where their periods do.
    for (const key of began) if (!key.startsWith('commitments/')) this.#entities.add(key);
    for (const key of touched(event)) if (HAS_STEPS.test(key)) this.#entities.add(key);
    if (type === 'lading.supply.committed.v1') this.#committed.push(data);
    if (type === 'lading.order.lines_added.v1')
      for (const { line } of data.lines) this.#added.add(keyOf(data.order, line));
    if (recorded !== undefined) {
      for (const one of namingOf(recorded, began))
        if (!this.#naming.has(one.sequence)) this.#naming.set(one.sequence, one.needs);
      for (const one of releasedBy(recorded)) this.#released.add(one);
    }
    for (const [line, { sets }] of valuesIn(event)) for (const value of sets) this.#said.add(valueOf(value, line));
    for (const [shipment, parts] of recorded === undefined ? headersIn(event) : changedHeaders(recorded))
      for (const part of parts) this.#said.add(partOf(part, shipment));
    for (const shipment of shipmentsIn(event)) this.#shipments.add(shipment);
    if (type === 'lading.count.adjusted.v1')
      for (const line of data.lines)
        this.#accounts.add(keyAt(line, { owner: line.owner, custodian: data.custodian, stage: 'held' }));
    for (const units of this.known.supplied.get(sequence) ?? []) this.#units.put(units, true);
    const brought = new Map<string, number>();
    const bring = (key: string, quantity: number) => brought.set(key, (brought.get(key) ?? 0) + quantity);
    for (const move of movesOf(event)) {
      const to = keyAt(move, move.to);
      this.#move(move, to);
      if (move.to.stage !== 'supply') bring(to, move.quantity);
      if (move.to.shipment !== undefined && move.from.shipment === undefined)
        bring(`shipment/${move.to.shipment}`, move.quantity);
    }
    return brought;
  }

  #move(move: Move, to: string): void {
    this.#unlisted.push(move);
    if (!this.known.isSerial(move.item)) return;
    this.#hasNumbers = true;
    if (move.serials === undefined) this.#unnamed.add(to);
    else for (const range of rangesOf(move.serials)) this.#units.put({ item: move.item, ...range }, true);
  }

  /** Lists where units were moved: few later events ask for it, and there may be 100,000 moves. */
  #list(): void {
    for (const move of this.#unlisted) {
      const [from, to] = [keyAt(move, move.from), keyAt(move, move.to)];
      this.#accounts.add(from).add(to);
      const owner = keyOf(move.order, move.line, move.to.owner);
      const places = this.#brought.get(owner) ?? new Map<string, Place>();
      this.#brought.set(owner, places.set(to, move.to));
      if (!this.known.isSerial(move.item)) continue;
      this.#whole.add(to).add(from);
      this.#chosenFrom.add(owner).add(keyOf(move.order, move.line, move.from.owner));
    }
    this.#unlisted = [];
  }

  /**
   * What a later event needs of it, in words; undefined: nothing, but maybe that enough units are there, which `Balances` adds up.
   *
   * @param held whose units of which lines were held before that event, by `keyOf`
   */
  neededBy(later: Later, held: ReadonlySet<string>): string | undefined {
    return (
      later.streams.find((key) => this.#entities.has(key)) ??
      this.#commitment(later.event) ??
      (this.#added.size > 0 && [...later.lines].some((one) => this.#added.has(one))
        ? 'a line that it added'
        : undefined) ??
      this.#naming.get(later.event.sequence) ??
      this.#value(later) ??
      (later.counted.some((one) => this.#isCounted(one)) ? 'what was there when it was counted' : undefined) ??
      (later.holds.some((one) => this.#isHeld(one)) ? 'the units that it holds' : undefined) ??
      this.#free(later, held) ??
      (this.#hasNumbers && this.#unit(later.event) ? 'units by their serial numbers' : undefined) ??
      later.owners.find(([owner]) => this.#isBrought(owner))?.[1]
    );
  }

  #commitment({ type, data }: LedgerEvent): string | undefined {
    if (type !== 'lading.supply.committed.v1') return undefined;
    const { supplier, item, period } = data;
    const isAnswered = this.#committed.some(
      (one) => one.supplier === supplier && one.item === item && overlap(period, one.period),
    );
    return isAnswered ? `what ${supplier} committed to of ${item}` : undefined;
  }

  #value({ said, ended }: Later): string | undefined {
    for (const [one, words] of said) if (this.#said.has(one)) return words;
    const shipment = ended.find((one) => this.#shipments.has(one));
    return shipment === undefined ? undefined : `what is in transit on shipment ${shipment}`;
  }

  #isCounted(account: string): boolean {
    this.#list();
    return this.#accounts.has(account);
  }

  /** Whether they brought units of a line to an owner. */
  #isBrought(owner: string): boolean {
    this.#list();
    return this.#brought.has(owner);
  }

  #isHeld({ order, line, owner, stage, custodian, shipment }: HeldLine): boolean {
    this.#list();
    const places = this.#brought.get(keyOf(order, line, owner))?.values() ?? [];
    return [...places].some(
      (to) =>
        (stage === undefined || stage === to.stage) &&
        (custodian === undefined || custodian === to.custodian) &&
        (shipment === undefined || shipment === to.shipment),
    );
  }

  /** What takes units of which some are held needs those that are free. */
  #free(later: Later, held: ReadonlySet<string>): string | undefined {
    if (this.#released.size === 0 && held.size === 0) return undefined;
    const isTaken = later.takes.some((one) => this.#released.has(one) || (held.has(one) && this.#isBrought(one)));
    return isTaken ? 'units that are not held for others' : undefined;
  }

  #unit(later: LedgerEvent): boolean {
    return movesOf(later).some((move) => {
      const from = keyAt(move, move.from);
      if (move.serials === undefined) {
        this.#list();
        return (
          move.from.stage !== 'supply' &&
          (this.#whole.has(from) ||
            (CHOOSING.has(later.type) && this.#chosenFrom.has(keyOf(move.order, move.line, move.from.owner))))
        );
      }
      return (
        this.#unnamed.has(from) ||
        rangesOf(move.serials).some((range) =>
          this.#units.pieces({ item: move.item, ...range }).some(({ value }) => value === true),
        )
      );
    });
  }
}

/** What each step stands on those before it: of swaps and holds, and of master data that is registered again. */
const HAS_STEPS = /^(?:swap|hold|party|item)\//;

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
