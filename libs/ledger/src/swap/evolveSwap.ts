import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Swap } from '../entity.ts';
import { partiesOf } from './swap.ts';

/** A swap after an event of its own: its terms stay as proposed, its status moves on. */
export function evolveSwap(before: Swap | undefined, event: LedgerEvent): Swap | undefined {
  const version = event.sequence;
  if (event.type === 'lading.swap.proposed.v1') {
    const { by, legs } = event.data;
    // A party that proposes has accepted; the supplier has no say in the legs.
    const accepted = partiesOf(legs).includes(by) ? [by] : [];
    return { kind: 'swap', version, terms: event.data, status: 'proposed', accepted };
  }
  if (before === undefined) return undefined;
  switch (event.type) {
    case 'lading.swap.accepted.v1': {
      const accepted = [...before.accepted, event.data.by];
      const all = partiesOf(before.terms.legs).every((party) => accepted.includes(party));
      return { ...before, version, accepted, status: all ? 'accepted' : 'proposed', until: event.data.until };
    }
    case 'lading.swap.rejected.v1':
      return { ...before, version, status: 'rejected' };
    case 'lading.swap.withdrawn.v1':
      return { ...before, version, status: 'withdrawn' };
    case 'lading.swap.executed.v1':
      return { ...before, version, status: 'executed' };
    default:
      return { ...before, version };
  }
}
