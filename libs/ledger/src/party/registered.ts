import { type Rejected, reject } from '../decision.ts';
import { find, type View } from '../view.ts';

/** A party that an event names, and as what. */
export type Named = readonly [role: string, party: string | undefined];

/**
 * Rejects with `unknown-party` when one of the parties named is not registered; what is left out is not checked.
 * Asks for all of them before it answers, so that whoever loads them does so once.
 */
export function unregistered(view: View, named: Iterable<Named>): Rejected | undefined {
  let missing: Named | undefined;
  for (const one of named) {
    if (one[1] !== undefined && find(view, 'party', one[1]) === undefined) missing ??= one;
  }
  if (missing === undefined) return undefined;
  const [role, party] = missing;
  return reject(
    'unknown-party',
    `The ${role} ${party ?? ''} is not registered in this ledger. Register the party first.`,
    {
      party,
      role,
    },
  );
}
