import type { FlagRow, FlagRule } from '#contracts/flagRows';
import { day, units } from '../../format.ts';

/** What each rule means, in a few words (README, Flags). */
export const flagMeaning: Readonly<Record<FlagRule, string>> = {
  'related-party': 'Units changed owner between parties with a controller in common, or one controls the other',
  redirected: 'Units were received for another owner than the buyer of their order',
  diversion: 'Units were received by someone who is neither their owner nor the consignee',
  'one-sided-swap': 'One side of the swap gave, and the other has not',
  'overdue-leg': 'A leg of a swap is past its window, and units are missing',
  'overdue-line': 'An order line is past its window, and units are missing',
  'overdue-shipment': 'A shipment is past the day on which it was expected',
  oversold: 'More was promised than the supplier committed to',
  'receipt-discrepancy': 'What arrived is not what was sent',
  'over-shipped': 'More was sent than was ordered',
  substituted: 'Another item was sent than was ordered',
  'negative-past-balance': 'A balance of the past is below zero: something was told late',
  'possible-duplicate': 'Two events look like one fact that was told twice',
};

/** Since when: what is overdue says the day until which it was not; of anything else it is when the event happened that raised it. */
export function sinceOf({ rule, raised, facts }: FlagRow, occurred: ReadonlyMap<number, string>): string | undefined {
  // Raised by the swap's execution, so that a list has its place for it; since when a leg is overdue is said by the leg's own flag.
  if (rule === 'one-sided-swap') return undefined;
  if (typeof facts.due === 'string') return `since the end of ${day(facts.due)}`;
  const from = occurred.get(raised);
  return from === undefined ? undefined : `since ${day(from)}`;
}

/** `related-party` → `Related party`. */
export const flagName = (rule: string): string => (rule.charAt(0).toUpperCase() + rule.slice(1)).replaceAll('-', ' ');

/** How many flags there are of each two parties, so that a pattern between them is seen. */
export const pairsOf = (flags: readonly FlagRow[]): ReadonlyMap<string, number> =>
  new Map(groupsOf(flags, 'pair').map(({ parties, count }) => [parties.join(' '), count]));

/** The flags of one party, or of two. */
interface FlagGroup {
  readonly parties: readonly string[];
  readonly count: number;
  /** Which rules, and how often each, the most frequent first. */
  readonly rules: readonly (readonly [FlagRule, number])[];
  readonly first: number;
  readonly last: number;
}

/** Those with the most flags first. A flag of three parties is one of each two of them. */
export function groupsOf(flags: readonly FlagRow[], by: 'party' | 'pair'): FlagGroup[] {
  const groups = new Map<string, { parties: readonly string[]; flags: FlagRow[] }>();
  for (const flag of flags) {
    const parties = [...new Set(flag.parties)].sort();
    const named =
      by === 'party'
        ? parties.map((party) => [party])
        : parties.flatMap((one, i) => parties.slice(i + 1).map((other) => [one, other]));
    for (const names of named) {
      const key = names.join(' ');
      groups.set(key, { parties: names, flags: [...(groups.get(key)?.flags ?? []), flag] });
    }
  }
  return [...groups.values()]
    .map(({ parties, flags: own }) => {
      const rules = new Map<FlagRule, number>();
      for (const { rule } of own) rules.set(rule, (rules.get(rule) ?? 0) + 1);
      const raised = own.map((flag) => flag.raised);
      return {
        ...{ parties, count: own.length, rules: [...rules].sort(([, a], [, b]) => b - a) },
        ...{ first: Math.min(...raised), last: Math.max(...raised) },
      };
    })
    .sort((a, b) => b.count - a.count);
}

/** Facts as a sentence can have them: `controller elon-musk, quantity 12,000`. */
export function factsText(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .flatMap(([name, value]) => {
      const text = valueText(value);
      return text === '' ? [] : [`${name.replaceAll(/([A-Z])/g, ' $1').toLowerCase()} ${text}`];
    })
    .join(', ');
}

function valueText(value: unknown): string {
  if (typeof value === 'number') return units(value);
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\d$/.test(value) ? day(value) : value;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(valueText).filter(Boolean).slice(0, 5).join(' and ');
  if (typeof value === 'object' && value !== null)
    return lineText(value) ?? Object.values(value).map(valueText).filter(Boolean).slice(0, 5).join(' ');
  return '';
}

/** Units of an order's line, in the words of every other view. */
function lineText(fact: { readonly order?: unknown; readonly line?: unknown; readonly quantity?: unknown }) {
  const { order, line, quantity } = fact;
  if (typeof order !== 'string' || typeof line !== 'string' || typeof quantity !== 'number') return undefined;
  return `${units(quantity)} of ${order} line ${line}`;
}
