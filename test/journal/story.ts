import type { Submission } from '#journal/submission';
import { order, reassign, submission } from './submissions.ts';

/** A pseudo-random sequence that a seed repeats (mulberry32): numbers from 0 up to, not including, `below`. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

const PARTIES = ['tesla', 'x', 'xai'] as const;

/**
 * Commands as they come: orders, reallocations, shipments and what is received of them, swaps; on few entities, so that
 * streams get long, and many of them rejected. The same seed is the same story.
 */
export function story(seed: number, length: number): Submission[] {
  const pick = random(seed);
  const party = () => PARTIES[pick(PARTIES.length)] ?? 'x';
  const id = (prefix: string, of: number) => `${prefix}-${pick(of)}`;
  return Array.from({ length }, (_, n) => {
    const extra = { id: `${seed}-${n}` };
    switch (pick(8)) {
      case 0:
        return order(id('PO', 6), party(), 50 + pick(500), extra);
      case 1:
      case 2:
        return reassign(`RA-${n}`, id('PO', 6), party(), party(), 1 + pick(30), extra);
      case 3:
        return submission(
          'lading.shipment.dispatched.v1',
          {
            shipment: id('S', 10),
            consignee: party(),
            carrier: 'dhl',
            lines: [{ order: id('PO', 6), line: '1', owner: party(), quantity: 1 + pick(40) }],
          },
          extra,
        );
      case 4:
        return submission(
          'lading.shipment.received.v1',
          {
            shipment: id('S', 10),
            by: party(),
            lines: [{ order: id('PO', 6), line: '1', owner: party(), received: 1 + pick(20), damaged: pick(2) }],
          },
          extra,
        );
      case 5:
        return submission(
          'lading.swap.proposed.v1',
          {
            swap: id('SW', 12),
            by: 'nvidia',
            legs: [
              { from: 'tesla', to: 'x', order: id('PO', 6), line: '1', quantity: 1 + pick(9) },
              { from: 'x', to: 'tesla', order: id('PO', 6), line: '1', quantity: 1 + pick(9) },
            ],
          },
          extra,
        );
      case 6:
        return submission('lading.swap.accepted.v1', { swap: id('SW', 12), by: pick(2) === 0 ? 'tesla' : 'x' }, extra);
      default:
        return submission('lading.swap.executed.v1', { swap: id('SW', 12), by: 'nvidia' }, extra);
    }
  });
}
