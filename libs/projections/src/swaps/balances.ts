import type { PartyRow, SwapRow } from '#contracts/rows';
import { keyOf } from '#contracts/scalars';
import type { Leg, PartysLeg } from './legs.ts';

type Balance = SwapRow['balance'][number];
type Owed = PartyRow['balances'][number];

/** Six decimals: a twelfth of a second of a unit. */
const round = (days: number): number => Math.round(days * 1e6) / 1e6 || 0;

/** The exchange balance of one swap: what each party gave and received of each item, and what it is owed. */
export function exchangeBalance(legsOfSwap: readonly Leg[]): Balance[] {
  const found = new Map<string, Balance>();
  const of = (party: string, item: string): Balance => {
    const key = keyOf(party, item);
    const balance = found.get(key) ?? { party, item, given: 0, received: 0, units: 0, unitDays: 0 };
    found.set(key, balance);
    return balance;
  };
  for (const { from, to, item, received, unitDays } of legsOfSwap) {
    const giver = of(from, item);
    giver.given += received;
    giver.units += received;
    giver.unitDays = round(giver.unitDays + unitDays);
    const receiver = of(to, item);
    receiver.received += received;
    receiver.units -= received;
    receiver.unitDays = round(receiver.unitDays - unitDays);
  }
  return [...found.values()].sort((a, b) => compare(a.party, b.party) || compare(a.item, b.item));
}

/** What a party is owed (positive) or owes (negative) under executed swaps, from its legs in them: by swap, other party and item. */
export function owedTo(legs: readonly PartysLeg[]): Owed[] {
  const found = new Map<string, Owed>();
  for (const { party, swap, from, to, item, received, unitDays } of legs) {
    if (party === from) add(found, { swap, with: to, item, units: received, unitDays });
    else add(found, { swap, with: from, item, units: -received, unitDays: -unitDays });
  }
  return [...found.values()];
}

function add(owed: Map<string, Owed>, more: Owed): void {
  const key = keyOf(more.swap, more.with, more.item);
  const before = owed.get(key);
  owed.set(key, {
    ...more,
    units: (before?.units ?? 0) + more.units || 0,
    unitDays: round((before?.unitDays ?? 0) + more.unitDays),
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
