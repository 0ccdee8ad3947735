import type { Rule } from '../command.ts';
import { accept, reject } from '../decision.ts';
import { type Commitments, commitmentsKey } from '../entity.ts';
import { newest, type Occurrence, overtaken } from '../overtaken.ts';
import { whyNoSupplier } from '../order/placeOrder.ts';
import { knownEntity } from '../view.ts';
import { isSamePeriod, overlap } from './evolveCommitments.ts';

/**
 * A supplier commits to a quantity of an item in a period. The newest word about a period stands; periods that overlap are one period, or
 * none of them has anything in it: else it would be open which of them a day counts for.
 */
export const commit: Rule<'lading.supply.committed.v1'> = (data, { view, time }) => {
  const { supplier, item, period } = data;
  const there = view.entity(commitmentsKey(supplier, item)) as Commitments | undefined;
  const stranger = whyNoSupplier(knownEntity(view, 'party', supplier).data);
  if (stranger !== undefined) return stranger;

  const near = there?.periods.filter((one) => overlap(one.period, period)) ?? [];
  const said = near.reduce<Occurrence | undefined>(newest, undefined);
  const late = overtaken(
    time,
    { commitment: said },
    {
      of: `${supplier} to ${item} from ${period.from} to ${period.to}`,
      facts: { supplier, item, period, committed: near.slice(0, 20) },
      instead: 'Send what is committed now, with a time that is not before that one.',
    },
  );
  if (late !== undefined) return late;

  const others = near.filter((one) => one.quantity > 0 && !isSamePeriod(one.period, period));
  const [first] = others;
  if (first !== undefined) {
    const { from, to } = first.period;
    return reject(
      'already-exists',
      `${supplier} has committed to ${first.quantity} of ${item} from ${from} to ${to} (event ${first.sequence}), which has days in common with this period. Commit to that period, or first to 0 in it.`,
      { supplier, item, period, overlaps: others.slice(0, 20) },
    );
  }
  const before = near.find((one) => isSamePeriod(one.period, period));
  return accept<'lading.supply.committed.v1'>({ ...data, ...(before !== undefined && { previous: before.quantity }) });
};
