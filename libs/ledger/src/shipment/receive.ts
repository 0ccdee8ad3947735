import type { Completed, Submitted } from '#contracts/catalog';
import type { Place } from '#contracts/move';
import { placeOf } from '../account.ts';
import { book } from '../booking/book.ts';
import type { Draw } from '../booking/draw.ts';
import { namesNothing } from '../booking/checkSerials.ts';
import type { Rule } from '../command.ts';
import { accept, isRejected, type OrRejected, reject } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { type FoundLine, withLines } from '../order/line.ts';
import { knownEntity } from '../view.ts';
import { advisedTo } from './advised.ts';

type Received = Submitted<'lading.shipment.received.v1'>;
type ReceivedLine = Received['lines'][number];
type CompletedLine = Completed<'lading.shipment.received.v1'>['lines'][number];

/**
 * Receives units of a shipment: good ones are held, damaged ones damaged, by whoever receives them; units that were
 * never sent are the supplier's. A final receipt of nothing is a fact: what is missing is a discrepancy.
 */
export const receive: Rule<'lading.shipment.received.v1'> = (data, { view, lines }) => {
  if (data.final !== true && data.lines.every(isEmpty)) return nothingReceived(data);

  const shipment = knownEntity(view, 'shipment', data.shipment);
  const draws: Draw[] = [];
  const completed: CompletedLine[] = [];
  for (const { asked, line } of withLines(data.lines, lines)) {
    const counted = receiveLine(shipment, data.by, asked, line);
    if (isRejected(counted)) return counted;
    draws.push(...counted.draws);
    completed.push(counted.completed);
  }
  const moves = book(view, draws);
  if (isRejected(moves)) return moves;
  const facts = { ...data, lines: completed };
  return accept<'lading.shipment.received.v1'>(moves.length === 0 ? facts : { ...facts, moves });
};

const isEmpty = ({ received, damaged = 0, surplus = 0 }: ReceivedLine): boolean => received + damaged + surplus === 0;

const nothingReceived = ({ shipment }: Received) =>
  reject(
    'nothing-to-do',
    `This receipt of shipment ${shipment} names no units. Say what came, or send it as final when nothing more will.`,
    { shipment },
  );

function receiveLine(
  shipment: Shipment,
  by: string,
  asked: ReceivedLine,
  line: FoundLine,
): OrRejected<{ completed: CompletedLine; draws: Draw[] }> {
  const { received, damaged = 0, surplus = 0, serials, damagedSerials, surplusSerials } = asked;
  const advised = advisedTo(line, shipment, asked.owner, { arrived: received + damaged, surplus });
  if (isRejected(advised)) return advised;

  const { owner, source, quantity } = advised;
  const { supplier } = line.order;
  const supply: Place = { owner: supplier, custodian: supplier, stage: 'supply' };
  const sent = source === undefined ? supply : placeOf(source);
  const arrivals: Draw[] = [
    { line, from: sent, to: { owner, custodian: by, stage: 'held' }, quantity: received, serials },
    { line, from: sent, to: { owner, custodian: by, stage: 'damaged' }, quantity: damaged, serials: damagedSerials },
    {
      line,
      from: supply,
      to: { owner: supplier, custodian: by, stage: 'held' },
      quantity: surplus,
      serials: surplusSerials,
    },
  ];
  for (const none of arrivals.filter((draw) => draw.quantity === 0)) {
    const wrong = namesNothing(line, none.serials);
    if (wrong !== undefined) return wrong;
  }
  const draws = arrivals.filter((draw) => draw.quantity > 0);
  return { completed: { ...asked, owner, item: line.goods.item, advised: quantity }, draws };
}
