/** Who controls whom: a party's controllers, which may be parties with controllers of their own. */
export type Controls = ReadonlyMap<string, readonly string[]>;

/** A party and whoever controls it, directly or through others. */
function controllersOf(party: string, controls: Controls): Set<string> {
  const found = new Set([party]);
  for (const one of found) for (const controller of controls.get(one) ?? []) found.add(controller);
  return found;
}

/**
 * What relates two parties: the controllers that they have in common, directly or through others, where a party counts as its own
 * controller. So `[]` for strangers, and the party itself when it controls the other.
 */
export function commonControllers(one: string, other: string, controls: Controls): string[] {
  const others = controllersOf(other, controls);
  return [...controllersOf(one, controls)].filter((controller) => others.has(controller)).sort();
}
