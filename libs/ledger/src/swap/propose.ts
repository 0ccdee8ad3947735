import type { Completed, Submitted } from '#contracts/catalog';
import { withMore } from '#contracts/cloudEvent';
import { countSerials } from '#contracts/serials';
import type { Rule } from '../command.ts';
import { accept, type Rejected, reject } from '../decision.ts';
import { type FoundLine, holdingsAt, withLines } from '../order/line.ts';
import { serialCount, wrongStage, wrongTracking } from '../rejections.ts';
import { maySay, partiesOf, suppliersOf } from './swap.ts';

type Proposed = Submitted<'lading.swap.proposed.v1'>;
type Leg = Proposed['legs'][number];
type CompleteLeg = Completed<'lading.swap.proposed.v1'>['legs'][number];

/**
 * Proposes an exchange: every party both gives and receives, else `not-a-swap`. A party of it or the supplier of its
 * orders may propose it. Nothing is reserved: whether the units are there is decided when it is executed.
 */
export const propose: Rule<'lading.swap.proposed.v1'> = (data, { lines }) => {
  const { swap, by, legs } = data;
  const refused = oneSided(data) ?? maySay(swap, by, [...partiesOf(legs), ...suppliersOf(lines)]);
  if (refused !== undefined) return refused;
  for (const { asked, line } of withLines(legs, lines)) {
    const wrong = contradiction(asked, line);
    if (wrong !== undefined) return wrong;
  }
  // As every language reads it: RFC 3339 takes t and z, and Go's and Python's own readers refuse them.
  const expires = data.expires?.toUpperCase();
  return accept<'lading.swap.proposed.v1'>({
    ...data,
    ...(expires !== undefined && { expires }),
    legs: completeLegs(legs, lines),
  });
};

/** The legs with their item, and their line's window as it stands. */
export const completeLegs = (legs: readonly Leg[], lines: readonly FoundLine[]): CompleteLeg[] =>
  withLines(legs, lines).map(({ asked, line: { goods, state } }) =>
    withMore(asked, { item: goods.item, window: state.window }),
  );

function oneSided({ swap, legs }: Proposed): Rejected | undefined {
  // A leg to oneself gives nothing away.
  const giving = new Set(legs.filter(({ from, to }) => from !== to).map(({ from }) => from));
  const receiving = new Set(legs.filter(({ from, to }) => from !== to).map(({ to }) => to));
  const only = partiesOf(legs).filter((party) => !giving.has(party) || !receiving.has(party));
  const toSelf = legs.findIndex(({ from, to }) => from === to);
  if (only.length === 0 && toSelf < 0) return undefined;
  return reject(
    'not-a-swap',
    only.length === 0
      ? `Leg ${toSelf} of swap ${swap} goes from a party to itself. Leave it out.`
      : `In a swap every party gives and receives; ${only.join(' and ')} ${only.length === 1 ? 'does' : 'do'} not. Use a reallocation for what goes one way.`,
    only.length === 0
      ? { swap, leg: toSelf }
      : {
          swap,
          parties: only,
          givesNothing: only.filter((p) => !giving.has(p)),
          receivesNothing: only.filter((p) => !receiving.has(p)),
        },
  );
}

/** What can never come true is rejected at once: serial numbers that do not fit, a shipment for units that are not in transit. */
function contradiction(
  { from, quantity, serials, stage, shipment }: Leg,
  { goods, state, tracking }: FoundLine,
): Rejected | undefined {
  if (serials !== undefined && tracking === 'quantity') return wrongTracking(goods);
  if (serials !== undefined && countSerials(serials) !== quantity) {
    return serialCount(goods, quantity, countSerials(serials));
  }
  if (shipment === undefined || stage === undefined || stage === 'in_transit') return undefined;
  return wrongStage(goods, { owner: from, stage, shipment }, holdingsAt(state, { owner: from }));
}
