import type { Completed } from '#contracts/catalog';
import type { LineageRow, LineageStep } from '#contracts/lineageRows';
import type { SwapRow } from '#contracts/rows';
import { standingOf, type Told } from '../../event/told.ts';

/** An event by which an owner got units of somebody else's order line, and how many. */
export interface Takeover {
  readonly sequence: number;
  readonly type: string;
  /** Whose they were. */
  readonly from: string;
  readonly quantity: number;
  readonly agreement: LineageStep['agreement'];
}

/**
 * By which events an owner's units came from another owner last, newest first.
 *
 * @param rows the lineage of what the owner has of an order line
 */
export function takeoversOf(owner: string, rows: readonly LineageRow[]): Takeover[] {
  const found = new Map<number, Takeover>();
  for (const { quantity, steps } of rows.flatMap(({ branches }) => branches)) {
    const step = steps.findLast(({ from, to }) => to?.owner === owner && from?.owner !== owner);
    if (step?.from == null) continue;
    const { sequence, type, from, agreement } = step;
    found.set(sequence, {
      ...{ sequence, type, from: from.owner, agreement },
      quantity: quantity + (found.get(sequence)?.quantity ?? 0),
    });
  }
  return newestFirst(found);
}

type Given = Completed<'lading.reallocation.made.v1' | 'lading.swap.executed.v1'>;
const GIVING: ReadonlySet<string> = new Set(['lading.reallocation.made.v1', 'lading.swap.executed.v1']);

interface Place {
  readonly owner: string;
  readonly order: string;
  readonly line: string;
}

/**
 * The same for a key that may not see what the owner has, and so no lineage of it: by which events the owner was given units of the line,
 * whether it still has them or not.
 *
 * @param events what concerns the order
 */
export function takeoversIn(place: Place, events: readonly Told[], swaps: readonly SwapRow[]): Takeover[] {
  const found = new Map<number, Takeover>();
  for (const event of standingOf(events)) {
    const sequence = Number(event.sequence);
    if (!GIVING.has(event.type)) continue;
    const data = event.data as Given;
    for (const { order, line, quantity, from, to } of data.moves) {
      if (order !== place.order || line !== place.line || to.owner !== place.owner || from.owner === to.owner) continue;
      found.set(sequence, {
        ...{ sequence, type: event.type, from: from.owner, agreement: agreementOf(data, swaps) },
        quantity: quantity + (found.get(sequence)?.quantity ?? 0),
      });
    }
  }
  return newestFirst(found);
}

function agreementOf(data: Given, swaps: readonly SwapRow[]): Takeover['agreement'] {
  if ('reallocation' in data) {
    const { reallocation, from, authorisedBy = null, reason = null, reasonCode = null, evidence = [] } = data;
    return { swap: null, reallocation, by: from, accepted: [], authorisedBy, reason, reasonCode, evidence };
  }
  const swap = swaps.find((row) => row.swap === data.swap);
  return {
    ...{ swap: data.swap, reallocation: null, by: swap?.by ?? data.by, accepted: swap?.accepted.toSorted() ?? [] },
    ...{ authorisedBy: swap?.authorisedBy ?? null, reason: swap?.reason ?? null, reasonCode: null },
    evidence: swap?.evidence ?? [],
  };
}

const newestFirst = (found: ReadonlyMap<number, Takeover>): Takeover[] =>
  [...found.values()].sort((a, b) => b.sequence - a.sequence);
