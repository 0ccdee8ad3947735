import { type EventType, subjectOf } from '#contracts/catalog';
import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Command } from './command.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Entity, EntityKey } from './entity.ts';
import { evolve, touched } from './evolve.ts';
import type { UnitRange } from './unitRanges.ts';
import { UnitIndex } from './units.ts';
import type { FoundUnits, View } from './view.ts';

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

  named(account: string): number {
    return this.index.named(account);
  }

  /** Decides and, when the event is taken, applies it. `now` is its recorded time. */
  submit(command: Command, now: Date): Decision {
    const decision = decide(command, this, now);
    if (decision.ok) this.apply(this.eventOf(command, decision.data, now));
    return decision;
  }

  /** Applies an event that was decided already, here or in a ledger. */
  apply(event: LedgerEvent): void {
    for (const key of touched(event)) this.entities.set(key, evolve(key, this.entities.get(key), event));
    this.index.apply(movesOf(event));
    this.events.push(event);
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
