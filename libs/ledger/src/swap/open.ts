import { type Or, type Rejected, reject } from '../decision.ts';
import type { Swap } from '../entity.ts';
import { find, type View } from '../view.ts';

/** Rejects with `unknown-swap`. */
export const findSwap = (view: View, swap: string): Or<Swap> =>
  find(view, 'swap', swap) ??
  reject('unknown-swap', `There is no swap ${swap} in this ledger. Propose it first, or correct its id.`, { swap });

/**
 * Why a swap can take no further step: it was rejected, withdrawn or executed (`swap-not-open`), or it has expired
 * (`swap-expired`). Expiry is judged by recorded time; from that moment on it is over.
 */
export function closed({ terms: { swap, expires }, status }: Swap, now: Date): Rejected | undefined {
  if (status !== 'proposed' && status !== 'accepted') {
    return reject('swap-not-open', `Swap ${swap} is ${status}, and that is final. Propose another one.`, {
      swap,
      status,
    });
  }
  if (expires === undefined || now.getTime() < Date.parse(expires)) return undefined;
  return reject('swap-expired', `Swap ${swap} expired at ${expires}. Propose it again, under another id.`, {
    swap,
    expires,
  });
}
