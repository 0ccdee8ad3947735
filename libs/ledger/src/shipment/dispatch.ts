import type { Submitted } from '#contracts/catalog';
import { type Holding, isPartiesStage } from '../account.ts';
import { moveLines } from '../booking/moveLines.ts';
import { ownersOf, sourcesOnTheWay } from '../booking/source.ts';
import type { Rule } from '../command.ts';
import { isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { type FoundLine, holdingsAt } from '../order/line.ts';
import { ambiguousOwner, notTheOwner } from '../rejections.ts';
import { overtaken } from '../overtaken.ts';
import { entityOf } from '../view.ts';
import { HEADER } from './evolveShipment.ts';
import { deliver } from './deliver.ts';

type Dispatched = Submitted<'lading.shipment.dispatched.v1'>;

/**
 * Dispatches ordered units on a shipment; again for the same shipment: adds units, until something of it was received. A refusal of more
 * than is ordered says how more may be sent.
 */
export const dispatch: Rule<'lading.shipment.dispatched.v1'> = (data, context) => {
  const decision = dispatchLines(data, context);
  if (!isRejected(decision) || decision.code !== 'insufficient-quantity' || decision.facts.stage !== 'ordered')
    return decision;
  return reject(
    decision.code,
    `${decision.detail} If the supplier sends more than was ordered, say so on the line: \`"over": true\`.`,
    decision.facts,
  );
};

const dispatchLines = moveLines<'lading.shipment.dispatched.v1'>({
  refusal: (data, view, time) => {
    const there = entityOf(view, 'shipment', data.shipment);
    return there && (contradiction(there, data, time) ?? receivedAlready(there));
  },
  sources: (line, asked) =>
    asked.over === true ? orderedAndMore(line, asked.owner) : sourcesOnTheWay(line, { stage: 'ordered' }, asked),
  origins: deliver,
  takesAway: 'origins',
  to: (_, { carrier, shipment }, __, owner) => ({ owner, custodian: carrier, stage: 'in_transit', shipment }),
});

/** What an owner has ordered of a line, then the supply: more is sent than was ordered. Where nobody has anything ordered, it is the buyer's. */
function orderedAndMore(line: FoundLine, named: string | undefined): OrRejected<Holding[]> {
  const { goods, order, state } = line;
  const { buyer, supplier } = order;
  const ordered = holdingsAt(state, { stage: 'ordered', ...(named !== undefined && { owner: named }) });
  const owners = ownersOf(ordered);
  if (owners.length > 1) return ambiguousOwner(goods, owners);
  const owner = owners[0] ?? named ?? buyer;
  const theirs = ownersOf([...state.accounts.values()].filter(({ stage }) => isPartiesStage(stage)));
  if (owner !== buyer && !theirs.includes(owner)) return notTheOwner(goods, owner, [...new Set([...theirs, buyer])]);
  const place = { ...goods, custodian: supplier, shipment: null };
  const nothing: Holding = { ...place, owner, stage: 'ordered', quantity: 0 };
  const supply: Holding = { ...place, owner: supplier, stage: 'supply', quantity: Infinity };
  return [...(ordered.length > 0 ? ordered : [nothing]), supply];
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
