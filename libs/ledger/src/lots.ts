import type { Move } from '#contracts/move';

/** Units of one account that came to their owner together. `since` is the sequence of the event that made them the owner's. */
export interface Lot {
  readonly quantity: number;
  readonly since: number;
}

/** Takes the first units off a queue, which it changes: what was asked for, or all that is there. */
export function takeFirst<L extends Lot>(queue: L[], quantity: number): L[] {
  const taken: L[] = [];
  let open = quantity;
  let whole = 0;
  for (const lot of queue) {
    if (open === 0) break;
    const part = Math.min(open, lot.quantity);
    open -= part;
    if (part < lot.quantity) {
      taken.push({ ...lot, quantity: part });
      queue[whole] = { ...lot, quantity: lot.quantity - part };
      break;
    }
    taken.push(lot);
    whole++;
  }
  queue.splice(0, whole);
  return taken;
}

/** Puts a lot into a queue, which it changes, behind all that came before it or with it; it joins the one before it when they are `alike`. */
export function queueUp<L extends Lot>(queue: L[], lot: L, alike: (one: L, other: L) => boolean): void {
  let at = queue.length;
  while (at > 0 && (queue[at - 1]?.since ?? 0) > lot.since) at--;
  const before = queue[at - 1];
  if (before?.since === lot.since && alike(before, lot)) {
    queue[at - 1] = { ...before, quantity: before.quantity + lot.quantity };
  } else queue.splice(at, 0, lot);
}

/** Since when units are their owner's after a move: they keep their turn on their way from account to account of one owner. */
export const sinceAfter = ({ from, to }: Move, since: number, sequence: number): number =>
  from.owner === to.owner ? since : sequence;
