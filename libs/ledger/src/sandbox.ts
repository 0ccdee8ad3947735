import { type EventType, subjectOf } from '#contracts/catalog';
import { isVoid, type LedgerEvent } from '#contracts/cloudEvent';
import type { SerialRange } from '#contracts/serials';
import type { Command } from './command.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Entity, EntityKey } from './entity.ts';
import { evolve, foldStream, isFoldedAnew, standingIn, touched } from './evolve.ts';
import type { UnitRange } from './unitRanges.ts';
import { unitChangesOf, UnitIndex } from './units.ts';
import type { FoundUnits, Recorded, View } from './view.ts';
import { namesWhatBegan } from './voiding/naming.ts';

/** What a sandbox writes on its events. */
type Attributes = Pick<LedgerEvent, 'ledger' | 'actor'>;

/**
 * A ledger in memory: it decides commands one after another and applies their events, as the journal does, and stores
 * nothing. What would happen if something happened is asked of it: apply the events of a ledger, then submit what may follow.
 */
export class Sandbox implements View {
  readonly entities = new Map<EntityKey, Entity>();
  readonly index = new UnitIndex();
  /** What was applied, in order. */
  readonly events: LedgerEvent[] = [];
  readonly #attributes: Attributes;

  constructor(attributes: Attributes) {
    this.#attributes = attributes;
  }

  entity(key: EntityKey): Entity | undefined {
    return this.entities.get(key);
  }

  units(range: UnitRange): FoundUnits[] {
    return this.index.units(range);
  }

  unitsOf(item: string, ranges: readonly SerialRange[]): FoundUnits[] {
    return ranges.flatMap((range) => this.units({ item, ...range }));
  }

  named(account: string): number {
    return this.index.named(account);
  }

  recorded(sequence: number): Recorded | undefined {
    const event = this.events.find((one) => one.sequence === sequence);
    if (event === undefined) return undefined;
    const streams = new Map(
      touched(event)
        .filter(isFoldedAnew)
        .map((key) => [key, this.stream(key)]),
    );
    const isAfter = namesWhatBegan(event);
    return { event, streams, naming: isAfter === undefined ? [] : standingIn(this.events).filter(isAfter) };
  }

  stream(key: EntityKey): LedgerEvent[] {
    return this.events.filter((event) => touched(event).includes(key));
  }

  isWhole(): boolean {
    return true;
  }

  /** Decides and, when the event is taken, applies it. `now` is its recorded time. */
  submit(command: Command, now: Date): Decision {
    const decision = decide(command, this, now);
    if (decision.ok) this.apply(this.eventOf(command, decision.data, now));
    return decision;
  }

  /** Applies an event that was decided already, here or in a ledger. */
  apply(event: LedgerEvent): void {
    this.events.push(event);
    for (const key of touched(event)) {
      const after = isVoid(event) ? foldStream(key, this.stream(key)) : evolve(key, this.entities.get(key), event);
      if (after === undefined) this.entities.delete(key);
      else this.entities.set(key, after);
    }
    this.index.change(unitChangesOf(event), 0);
  }

  /** The event that the ledger would keep next for an accepted command. */
  eventOf({ source, type, time, data: submitted }: Command, data: LedgerEvent['data'], now: Date): LedgerEvent {
    const sequence = (this.events.at(-1)?.sequence ?? 0) + 1;
    return {
      ...this.#attributes,
      source,
      id: `e-${sequence}`,
      type,
      subject: subjectOf<EventType>(type, submitted),
      time,
      sequence,
      recordedtime: now.toISOString(),
      data,
    } as LedgerEvent;
  }
}
