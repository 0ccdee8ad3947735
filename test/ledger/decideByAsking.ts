import type { Command } from '#ledger/command';
import { decide } from '#ledger/decide';
import type { Decision } from '#ledger/decision';
import type { EntityKey } from '#ledger/entity';
import { entitiesNamed } from '#ledger/named';
import type { View } from '#ledger/view';

/** More rounds than any rule needs: it would be asking in circles. */
const MANY = 12;

/**
 * Decides as the journal does: on what the command names, then on that and what was asked for, until nothing new is.
 * Must come to the same as deciding on the whole ledger.
 */
export function decideByAsking(command: Command, whole: View, now: Date): { decision: Decision; rounds: number } {
  const loaded = new Set<string>(entitiesNamed(command));
  for (let rounds = 1; rounds <= MANY; rounds++) {
    const asked = new Set<string>();
    const has = (what: string): boolean => loaded.has(what) || (asked.add(what), false);
    const units: View['units'] = (range) =>
      has(`units ${JSON.stringify(range)}`) ? whole.units(range) : [{ ...range, account: undefined }];
    const view: View = {
      entity: (key: EntityKey) => (has(key) ? whole.entity(key) : undefined),
      units,
      unitsOf: (item, ranges) => ranges.flatMap((range) => units({ item, ...range })),
      named: (account) => (has(`named ${account}`) ? whole.named(account) : 0),
      stream: (key) => (has(`stream ${key}`) ? whole.stream(key) : []),
      recorded: (sequence) => (has(`event ${sequence}`) ? whole.recorded(sequence) : undefined),
      isWhole: () => asked.size === 0,
    };
    const decision = decide(command, view, now);
    if (asked.size === 0) return { decision, rounds };
    for (const what of asked) loaded.add(what);
  }
  throw new Error(`${command.type} asks for ever`);
}
