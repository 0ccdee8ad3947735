import type { LedgerEvent } from '#contracts/cloudEvent';
import { catalog, type Submitted } from '#contracts/catalog';
import type { Command } from '#ledger/command';
import { decide } from '#ledger/decide';
import type { Decision } from '#ledger/decision';
import { foldHoldings } from '#ledger/fold';
import { Sandbox } from '#ledger/sandbox';
import { toJson } from '#ledger/serialisable';
import { eachUnit } from './eachUnit.ts';
import { asNvidia } from './facts.ts';
import { asItWas, same, unnamedBy } from './history.ts';

/** The naive view of a void: the ledger as if neither the event nor its void had ever been. */
export const standingEvents = (events: readonly LedgerEvent[]): LedgerEvent[] => {
  const gone = new Set(
    events.flatMap((event) => (event.type === 'lading.event.voided.v1' ? [event.data.sequence] : [])),
  );
  return events.filter((event) => event.type !== 'lading.event.voided.v1' && !gone.has(event.sequence));
};

/** What it would come to, to take an event back. */
export const decideVoid = (ledger: Sandbox, sequence: number, now: Date): Decision =>
  decide(voiding(ledger, sequence, []), ledger, now);

/** Takes an event back on a ledger. */
export function submitVoid(ledger: Sandbox, sequence: number, now: Date, corrections: Corrections = []): Decision {
  const decision = ledger.submit(voiding(ledger, sequence, corrections), now);
  if (decision.ok) catalog['lading.event.voided.v1'].completed.parse(JSON.parse(JSON.stringify(decision.data)));
  return decision;
}

type Corrections = { source: string; id: string }[];

function voiding(ledger: Sandbox, sequence: number, corrections: Corrections): Command {
  const { time } = ledger.events.find((event) => event.sequence === sequence)!;
  const data: Submitted<'lading.event.voided.v1'> =
    corrections.length === 0
      ? { sequence, reason: 'did_not_occur' }
      : { sequence, reason: 'incorrect_data', corrections };
  return {
    source: asNvidia.source,
    type: 'lading.event.voided.v1',
    data,
    time,
    beside: { has: () => true, takenBack: [] },
  };
}

/** Takes an event back with all that its refusal names, in that order; undefined when it is never taken back. */
export function takeBackWithAll(ledger: Sandbox, sequence: number, now: Date): number[] | undefined {
  const first = submitVoid(ledger, sequence, now);
  if (first.ok) return [];
  if (first.code !== 'depends-on-it') return undefined;
  const dependants = (first.facts.dependants as { sequence: number }[]).map((one) => one.sequence);
  for (const one of [...dependants, sequence]) {
    const again = submitVoid(ledger, one, now);
    if (!again.ok)
      throw new Error(
        `event ${one} cannot be taken back, which the refusal of ${sequence} names: ${again.detail} ${JSON.stringify(again.facts)}`,
      );
  }
  return dependants;
}

/** A ledger with voids is as the ledger without them and what they took back. */
export function isAsIfNeverTold(ledger: Sandbox): void {
  const without = new Sandbox(asNvidia);
  for (const event of standingEvents(ledger.events)) without.apply(event);
  same('what everybody has', foldHoldings(ledger.events), foldHoldings(without.events));
  const unnamed = new Set(ledger.events.flatMap(unnamedBy));
  const units = (one: Sandbox) =>
    eachUnit(one.index.all())
      // A unit in supply has no number again when the fact that named it last is taken back, though one before may have named it.
      .filter(({ item, serial, account }) => !unnamed.has(`${item} ${serial}`) || !account.includes('|supply|'))
      .map(({ item, serial, account }) => `${item} ${serial} ${account}`)
      .sort();
  same('where units are', units(ledger), units(without));
  for (const [key, entity] of without.entities) {
    if (key.startsWith('stock/')) continue;
    same(
      key,
      { ...(toJson(ledger.entities.get(key)!) as object), version: 0 },
      { ...(toJson(entity) as object), version: 0 },
    );
  }
  for (const key of ledger.entities.keys())
    if (!key.startsWith('event/') && !key.startsWith('stock/'))
      same('an entity that is there', without.entities.has(key), true, key);
}

/** What stands would have been taken without what was taken back, in the same order and at the same moments. */
export function wouldBeTakenAgain(ledger: Sandbox, told: ReadonlyMap<number, { command: Command; now: Date }>): void {
  const again = new Sandbox(asNvidia);
  for (const event of standingEvents(ledger.events)) {
    const { command, now } = told.get(event.sequence)!;
    const decision = decide(asItWas(command, event), again, now);
    // Whoever left the owner out meant the only one there was.
    if (!decision.ok && decision.code !== 'ambiguous-owner')
      throw new Error(
        `event ${event.sequence} (${event.type}) stands on something that was taken back: ${decision.code} ${decision.detail} ${JSON.stringify(decision.facts)}`,
      );
    // Which units it took may be others now; what happened is what it said.
    again.apply(event);
  }
}
