import { subjectOf, streamOf } from '#contracts/catalog';
import { eachName, namingIn } from '#contracts/names';
import type { Command } from './command.ts';
import type { EntityKey } from './entity.ts';

/**
 * The entities that a command names, each once: what to load before it is decided. What those lead to (the orders of a
 * swap, the items of an order's lines, the other orders of a shipment) the rules ask their view for; load it and decide
 * again, until nothing new is asked for.
 */
export function entitiesNamed({ type, data }: Command): EntityKey[] {
  const keys = new Set<EntityKey>();
  if (streamOf(type) !== 'none') keys.add(subjectOf(type, data) as EntityKey);
  eachName(namingIn(type).submitted, data, (id, { what, later }) => {
    if (what !== 'line' && !later) keys.add(`${what}/${id}`);
  });
  return [...keys];
}
