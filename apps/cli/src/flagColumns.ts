import type { FlagRow } from '#contracts/flagRows';
import type { Column } from './table.ts';

/** The most order lines that a table names; of more it says how many. */
const NAMED = 2;

/** The columns of a table of flags. */
export const flagColumns: readonly Column<FlagRow>[] = [
  { title: 'rule', value: ({ rule }) => rule },
  { title: 'about', value: ({ facts }) => aboutOf(facts) },
  { title: 'parties', value: ({ parties, partial }) => parties.join(', ') + (partial ? ', …' : '') },
  { title: 'item', value: ({ item }) => item },
  { title: 'raised by events', value: ({ events }) => events.join(', ') },
];

/** What a flag is about, by the ids in its facts: two flags of one rule are told apart by it. */
export function aboutOf(facts: FlagRow['facts']): string {
  const { swap, leg, reallocation, shipment, supplier, period } = facts;
  return [
    ...(isId(swap) ? [`swap ${swap}${typeof leg === 'number' ? ` leg ${leg}` : ''}`] : []),
    ...(isId(reallocation) ? [`reallocation ${reallocation}`] : []),
    ...(isId(shipment) ? [`shipment ${shipment}`] : []),
    ...linesOf(facts),
    ...(isId(supplier) && isPeriod(period) ? [`${supplier} from ${period.from} to ${period.to}`] : []),
  ].join(', ');
}

/** The order lines in the facts, or how many they are. */
function linesOf(facts: FlagRow['facts']): string[] {
  const lines = isLine(facts) ? [facts] : Array.isArray(facts.lines) ? facts.lines.filter(isLine) : [];
  const names = [...new Set(lines.map(({ order, line }) => `order ${order} line ${line}`))];
  return names.length > NAMED ? [`${names.length} order lines`] : names;
}

const isId = (value: unknown): value is string => typeof value === 'string';
const isPeriod = (value: unknown): value is { from: string; to: string } =>
  typeof value === 'object' && value !== null && 'from' in value && isId(value.from) && 'to' in value && isId(value.to);
const isLine = (value: unknown): value is { order: string; line: string } =>
  typeof value === 'object' &&
  value !== null &&
  'order' in value &&
  isId(value.order) &&
  'line' in value &&
  isId(value.line);
