import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Window } from '#contracts/scalars';
import type { Commitment, Commitments } from '../entity.ts';

export const overlap = (one: Window, other: Window): boolean => one.from <= other.to && other.from <= one.to;

export const isSamePeriod = (one: Window, other: Window): boolean => one.from === other.from && one.to === other.to;

/** What a supplier has committed to of an item, after an event: the newest quantity of each period, also when it is nothing any more. */
export function evolveCommitments(
  id: string,
  before: Commitments | undefined,
  { type, data, sequence, time, id: event }: LedgerEvent,
): Commitments | undefined {
  if (type !== 'lading.supply.committed.v1') return undefined;
  const [supplier = '', item = ''] = JSON.parse(id) as string[];
  const { period, quantity } = data;
  const committed: Commitment = { period, quantity, time, sequence, id: event };
  const others = before?.periods.filter((one) => !isSamePeriod(one.period, period)) ?? [];
  return { kind: 'commitments', version: sequence, supplier, item, periods: [...others, committed] };
}
