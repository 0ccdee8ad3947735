import type { Completed, Submitted } from '#contracts/catalog';
import { countSerials } from '#contracts/serials';
import { wrongStage } from '../booking/movedOn.ts';
import { serialCount } from '../booking/serialRejections.ts';
import { trackingOf, wrongTracking } from '../booking/tracking.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type Rejected, reject } from '../decision.ts';
import { type Asked, findLines, holdingsAt } from '../order/line.ts';
import { unregistered } from '../party/registered.ts';
import { findShipment } from '../shipment/find.ts';
import { find, type View } from '../view.ts';
import { notAParty, partiesOf, suppliersOf } from './parties.ts';

type Proposed = Submitted<'lading.swap.proposed.v1'>;
type Leg = Proposed['legs'][number];
type CompleteLeg = Completed<'lading.swap.proposed.v1'>['legs'][number];

/**
 * Proposes an exchange: every party both gives and receives, else `not-a-swap`. A party of it or the supplier of its
 * orders may propose it. Nothing is reserved: whether the units are there is decided when it is executed.
 */
export const propose: Rule<'lading.swap.proposed.v1'> = (data, view) => {
  const { swap, by, legs } = data;
  if (find(view, 'swap', swap) !== undefined) {
    return reject('already-exists', `Swap ${swap} was proposed already. Use another id for another one.`, { swap });
  }
  const lines = findLines(view, legs);
  const shipment = unknownShipment(view, legs);
  const unknown = unregistered(view, [
    ['by', by],
    ...legs.flatMap(
      ({ from, to, custodian }) =>
        [
          ['from', from],
          ['to', to],
          ['custodian', custodian],
        ] as const,
    ),
  ]);
  if (unknown !== undefined) return unknown;
  if (isRejected(lines)) return lines;
  if (shipment !== undefined) return shipment;

  const may = [...partiesOf(legs), ...suppliersOf(lines)];
  const refused = oneSided(data) ?? (may.includes(by) ? undefined : notAParty(swap, by, may));
  if (refused !== undefined) return refused;

  const wrong = lines.map((leg) => contradiction(view, leg)).find(isRejected);
  if (wrong !== undefined) return wrong;
  return accept<'lading.swap.proposed.v1'>({ ...data, legs: completeLegs(lines) });
};

/** The legs with their item, and their line's window as it stands. */
export const completeLegs = (legs: readonly Asked<Leg>[]): CompleteLeg[] =>
  legs.map(({ asked, line: { item, is } }) => ({ ...asked, item, window: is.window }));

function unknownShipment(view: View, legs: readonly Leg[]): Rejected | undefined {
  const found = legs.map(({ shipment }) => (shipment === undefined ? undefined : findShipment(view, shipment)));
  return found.find(isRejected);
}

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

/** What can never come true is refused at once: serial numbers that do not fit, a shipment for units that are not in transit. */
function contradiction(view: View, { asked, line }: Asked<Leg>): Rejected | undefined {
  const { from, quantity, serials, stage, shipment } = asked;
  const tracking = trackingOf(view, line);
  if (isRejected(tracking)) return tracking;
  if (serials !== undefined && tracking === 'quantity') return wrongTracking(line);
  if (serials !== undefined && countSerials(serials) !== quantity) {
    return serialCount(line, quantity, countSerials(serials));
  }
  if (shipment === undefined || stage === undefined || stage === 'in_transit') return undefined;
  return wrongStage(line, { owner: from, stage, shipment }, holdingsAt(line.is, { owner: from }));
}
