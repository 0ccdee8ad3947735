import type { EventType } from '#contracts/catalog';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { subjectOf } from '#contracts/catalog';
import type { Command } from '#ledger/command';
import { decide } from '#ledger/decide';
import type { Decision } from '#ledger/decision';
import type { Entity, EntityKey } from '#ledger/entity';
import { evolve } from '#ledger/evolve';
import { touched } from '#ledger/touched';
import { UnitIndex } from '#ledger/unitIndex';
import { movesOf } from '#ledger/touched';
import type { View } from '#ledger/view';

/** A whole ledger in memory: it decides commands one after another and applies the events, as the journal does. */
export class LedgerInMemory implements View {
  readonly entities = new Map<EntityKey, Entity>();
  readonly units = new UnitIndex();
  readonly events: LedgerEvent[] = [];

  entity(key: EntityKey): Entity | undefined {
    return this.entities.get(key);
  }

  unit(item: string, serial: string): string | undefined {
    return this.units.unit(item, serial);
  }

  named(account: string): number {
    return this.units.named(account);
  }

  /** Decides and, when it is taken, applies. */
  submit(command: Command, now: Date): Decision {
    const decision = decide(command, this, now);
    if (decision.ok) this.apply(eventOf(command, decision.data, this.events.length + 1, now));
    return decision;
  }

  apply(event: LedgerEvent): void {
    for (const key of touched(event)) this.entities.set(key, evolve(key, this.entities.get(key), event));
    this.units.apply(movesOf(event));
    this.events.push(event);
  }
}

/** The event that a ledger would keep for an accepted command. */
export function eventOf(command: Command, data: LedgerEvent['data'], sequence: number, now: Date): LedgerEvent {
  const { type, time } = command;
  return {
    id: `e-${sequence}`,
    source: 'urn:test',
    type,
    subject: subjectOf<EventType>(type, command.data),
    time,
    ledger: 'nvidia',
    sequence,
    recordedtime: now.toISOString(),
    actor: 'test',
    data,
  } as LedgerEvent;
}
