import type { Completed, Submitted } from '#contracts/catalog';
import { type Holding, isPartiesStage } from '../account.ts';
import { Division } from '../booking/divide.ts';
import type { Draw } from '../booking/draw.ts';
import { moveLines } from '../booking/moveLines.ts';
import { orderedThenSupply, ownersOf, sourcesOnTheWay } from '../booking/source.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import { ambiguousOwner, notTheOwner } from '../rejections.ts';
import { overtaken } from '../overtaken.ts';
import { entityOf, type View } from '../view.ts';
import { HEADER } from './evolveShipment.ts';
import { deliver } from './deliver.ts';
import { endAwaited, noSubstitute, replacedLine } from './substitute.ts';

type Dispatched = Submitted<'lading.shipment.dispatched.v1'>;

/**
 * Dispatches ordered units on a shipment; again for the same shipment: adds units, until something of it was received. A refusal of more
 * than is ordered says how more may be sent.
 */
export const dispatch: Rule<'lading.shipment.dispatched.v1'> = (data, context) => {
  const decision = dispatchLines(data, context);
  if (!isRejected(decision)) return isSubstituting(data) ? accept(withReplaced(context.view, decision.data)) : decision;
  if (decision.code !== 'insufficient-quantity' || decision.facts.stage !== 'ordered') return decision;
  return reject(
    decision.code,
    `${decision.detail} If the supplier sends more than was ordered, say so on the line: \`"over": true\`.`,
    decision.facts,
  );
};

const dispatchLines = moveLines<'lading.shipment.dispatched.v1'>({
  refusal: (data, view, time) => {
    const odd = noSubstitute(view, data.lines);
    if (odd !== undefined) return odd;
    const there = entityOf(view, 'shipment', data.shipment);
    return there && (contradiction(there, data, time) ?? receivedAlready(there));
  },
  sources: (line, asked, data, view) => {
    if (asked.substitutes !== undefined) {
      const replaced = sourcesOnTheWay(replacedLine(view, asked.substitutes), { stage: 'ordered' }, asked);
      return isRejected(replaced) ? replaced : orderedThenSupply(line, replaced[0]?.owner ?? '');
    }
    return asked.over === true
      ? orderedAndMore(line, asked.owner, data.lines)
      : sourcesOnTheWay(line, { stage: 'ordered' }, asked);
  },
  origins: (view, found, now) => {
    const delivered = deliver(view, found, now);
    return isRejected(delivered) ? delivered : [...delivered, ...replacedUnits(view, found)];
  },
  takesAway: 'origins',
  to: (_, { carrier, shipment }, __, owner) => ({ owner, custodian: carrier, stage: 'in_transit', shipment }),
});

/**
 * What an owner has ordered of a line, then the supply: more is sent than was ordered. Where nobody has anything ordered, it is the
 * buyer's. What other lines of the event replace is not there to be sent.
 */
function orderedAndMore(line: FoundLine, named: string | undefined, said: Dispatched['lines']): OrRejected<Holding[]> {
  const { goods, order, state } = line;
  const { buyer } = order;
  const ordered = holdingsAt(state, { stage: 'ordered', ...(named !== undefined && { owner: named }) });
  const owners = ownersOf(ordered);
  if (owners.length > 1) return ambiguousOwner(goods, { stage: 'ordered' }, owners);
  const owner = owners[0] ?? named ?? buyer;
  const theirs = ownersOf([...state.accounts.values()].filter(({ stage }) => isPartiesStage(stage)));
  if (owner !== buyer && !theirs.includes(owner))
    return notTheOwner(goods, {}, owner, [...new Set([...theirs, buyer])]);
  const replaced = said.reduce(
    (sum, { substitutes: of, owner: whose = owner, quantity }) =>
      of?.order === goods.order && of.line === goods.line && whose === owner ? sum + quantity : sum,
    0,
  );
  return orderedThenSupply(line, owner).map((there) =>
    there.stage === 'ordered' ? { ...there, quantity: Math.max(0, there.quantity - replaced) } : there,
  );
}

const isSubstituting = ({ lines }: Dispatched): boolean => lines.some(({ substitutes }) => substitutes !== undefined);

/** The data with the item that was ordered. */
const withReplaced = (view: View, data: Completed<'lading.shipment.dispatched.v1'>) => ({
  ...data,
  lines: data.lines.map((line) =>
    line.substitutes === undefined ? line : { ...line, substitutes: replacedLine(view, line.substitutes).goods },
  ),
});

/** The ordered units in whose place others are sent. Their owner was promised them: those that are held for others stay. */
function replacedUnits(
  view: View,
  found: readonly { readonly asked: Dispatched['lines'][number]; readonly draw: Draw }[],
): Draw[] {
  const owners = new Map(found.map(({ asked, draw }) => [asked, draw.to.owner]));
  const division = new Division(view);
  return [...owners].flatMap(([{ substitutes, substitutedSerials: serials, quantity }, owner]) => {
    if (substitutes === undefined) return [];
    const line = replacedLine(view, substitutes);
    const ended = endAwaited(division, line, holdingsAt(line.state, { stage: 'ordered', owner }), {
      quantity,
      serials,
    });
    return ended.map((draw) => ({ ...draw, takesAway: true as const }));
  });
}

/**
 * A shipment has one header: what another dispatch of it says must be what is there; it may leave out the optional parts. A part that
 * was changed since the dispatch occurred is overtaken.
 */
function contradiction(there: Shipment, data: Dispatched, time: string): Rejected | undefined {
  const { shipment, consignee, carrier, destination, eta, said } = there;
  const different = HEADER.filter((part) => data[part] !== undefined && data[part] !== there[part]);
  if (different.length === 0) return undefined;
  const header = { shipment, consignee, carrier, destination, eta };
  return (
    overtaken(time, Object.fromEntries(different.map((part) => [part, said[part]])), {
      of: `shipment ${shipment}`,
      facts: header,
      instead: 'Give the header as it is now, or leave out its destination and eta.',
    }) ??
    reject(
      'already-exists',
      `Shipment ${shipment} is there with another header. Give its header as it is, or use another shipment.`,
      header,
    )
  );
}

function receivedAlready({ shipment, received }: Shipment): Rejected | undefined {
  if (!received) return undefined;
  return reject(
    'already-received',
    `Shipment ${shipment} was received, so nothing more is dispatched on it. Use another shipment.`,
    { shipment },
  );
}
