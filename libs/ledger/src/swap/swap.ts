import { microseconds } from '#contracts/scalars';
import type { Want } from '../booking/take.ts';
import { type Rejected, reject } from '../decision.ts';
import type { Swap } from '../entity.ts';
import { type FoundLine, withLines } from '../order/line.ts';

interface Sides {
  readonly from: string;
  readonly to: string;
}

/** Every party of some legs, each once, in the order of their first mention. */
export const partiesOf = (legs: readonly Sides[]): string[] => [...new Set(legs.flatMap(({ from, to }) => [from, to]))];

/** The suppliers of some order lines, each once. */
export const suppliersOf = (lines: readonly FoundLine[]): string[] => [
  ...new Set(lines.map(({ order }) => order.supplier)),
];

/** Rejects with `not-a-party` whoever is not among those who may. */
export const maySay = (swap: string, by: string, may: readonly string[], others = false): Rejected | undefined =>
  may.includes(by)
    ? undefined
    : reject(
        'not-a-party',
        `${by} may not do this with swap ${swap}: ${may.join(', ')}${others ? ', and others' : ''} may.`,
        {
          swap,
          by,
          parties: may,
        },
      );

/**
 * Why a swap can take no further step: it was rejected, withdrawn or executed (`swap-not-open`), or it has expired
 * (`swap-expired`). Expiry is judged by recorded time; from that moment on it is over.
 */
export function whyClosed({ terms: { swap, expires }, status }: Swap, now: Date): Rejected | undefined {
  if (status !== 'proposed' && status !== 'accepted') {
    return reject('swap-not-open', `Swap ${swap} is ${status}, and that is final. Propose another one.`, {
      swap,
      state: status,
    });
  }
  if (expires === undefined || now.getTime() * 1000 < microseconds(expires)) return undefined;
  return reject('swap-expired', `Swap ${swap} expired at ${expires}. Propose it again, under another id.`, {
    swap,
    expires,
  });
}

/** What the legs of a swap take, each from its giver. */
export const wantsOf = (legs: Swap['terms']['legs'], lines: readonly FoundLine[]): Want[] =>
  withLines(legs, lines).map(
    ({ asked: { from, to, quantity, serials, shipment, custodian, stage }, line }): Want => ({
      line,
      owner: from,
      to,
      quantity,
      serials,
      where: { shipment, custodian, stage },
    }),
  );
