import type { Submitted } from '#contracts/catalog';
import type { Serials } from '#contracts/serials';
import { type Holding, placeOf } from '../account.ts';
import type { Draw } from '../booking/draw.ts';
import { insufficient, noneThere, sourceAt } from '../booking/owner.ts';
import { type Or, reject } from '../decision.ts';
import type { LineOf } from './line.ts';

type Reduction = Pick<Submitted<'lading.order.line_cancelled.v1'>, 'owner' | 'initiator'>;

/**
 * Whose ordered units a reduction takes: the buyer may reduce only its own, the seller anyone's. `asked` is for the
 * facts. Rejects with `not-the-owner`, `ambiguous-owner`, `insufficient-quantity`.
 */
export function reducible(line: LineOf, { owner, initiator }: Reduction, asked: number): Or<Holding> {
  const { buyer } = line.of;
  const ordered = { stage: 'ordered' } as const;
  if (initiator === 'buyer' && owner !== undefined && owner !== buyer) {
    return reject(
      'not-the-owner',
      `The buyer may reduce only its own units: ${buyer}'s, not ${owner}'s. The seller may reduce anyone's.`,
      { order: line.order, line: line.line, owner, owners: [buyer], initiator },
    );
  }
  // A buyer that names nobody means its own units, also where others have units of the line.
  const whose = initiator === 'buyer' ? buyer : owner;
  return sourceAt(line, ordered, whose, () =>
    owner === undefined
      ? insufficient(line, { ...ordered, owner: whose }, asked, 0)
      : noneThere(line, ordered, owner, asked),
  );
}

/** Takes ordered units off the line: they are cancelled. */
export function cancelUnits(line: LineOf, ordered: Holding, quantity: number, serials: Serials | undefined): Draw {
  const from = placeOf(ordered);
  return { line, quantity, serials, from, to: { ...from, stage: 'cancelled' } };
}
