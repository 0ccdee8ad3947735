import type { OrderRow, ShipmentRow } from '#contracts/rows';
import { day, units } from '../../format.ts';

type Line = OrderRow['lines'][number];

/** A line of an order, with what the delivery view says of it. */
export interface DeliveryLine {
  readonly order: string;
  readonly buyer: string;
  readonly supplier: string;
  readonly placed: string;
  readonly line: Line;
  /** Units that are there in good order, on the way, and not sent. */
  readonly arrived: number;
  readonly onTheWay: number;
  readonly toCome: number;
  readonly isLate: boolean;
  /** It is late until the day that is looked at, or was until the last of it arrived; undefined: it is not, and was not. */
  readonly lateUntil: string | undefined;
  /** When units of it were sent, are expected and arrived, by day. */
  readonly marks: readonly Mark[];
  /** Why it is late or short, what weighs most first. */
  readonly reasons: readonly string[];
}

/** Units of a line that left, are expected or arrived on a day. */
export interface Mark {
  readonly kind: 'sent' | 'expected' | 'arrived';
  /** `2023-12-31` */
  readonly day: string;
  readonly shipment: string;
  readonly quantity: number;
}

/** @param today the day that is looked at, `2023-12-31` */
export function deliveryOf(
  orders: readonly OrderRow[],
  today: string,
  shipments: readonly ShipmentRow[] = [],
): DeliveryLine[] {
  const lines = orders.flatMap(({ order, buyer, supplier, placed, lines }) =>
    lines.map((line) => {
      const sum = (stage: string) =>
        line.units.filter((unit) => unit.stage === stage).reduce((total, { quantity }) => total + quantity, 0);
      const [toCome, onTheWay] = [sum('ordered'), sum('in_transit')];
      return {
        ...{ order, buyer, supplier, placed, line, toCome, onTheWay, arrived: sum('held') },
        isLate: line.due < today && toCome + onTheWay > 0,
      };
    }),
  );
  const sent = sentBy(shipments);
  return lines.map((row) => {
    const parts = sent.get(keyOf(row.order, row.line.line)) ?? [];
    const marks = marksOf(parts);
    const last = marks.findLast(({ kind }) => kind === 'arrived')?.day ?? '';
    const lateUntil = row.isLate ? today : last > row.line.due ? last : undefined;
    const reasons = [
      ...reasonsOf(row),
      ...byShipment(parts).flatMap((part) => shipmentReasons(row.line, part)),
      ...(row.isLate ? lateReasons(row, lines) : []),
    ];
    return { ...row, lateUntil, marks, reasons: reasons.sort(([a], [b]) => b - a).map(([, text]) => text) };
  });
}

type Known = Omit<DeliveryLine, 'lateUntil' | 'marks' | 'reasons'>;
type Reason = readonly [weight: number, text: string];
type Part = ShipmentRow['lines'][number] & Pick<ShipmentRow, 'shipment' | 'eta' | 'dispatched'>;

const keyOf = (order: string, line: string): string => JSON.stringify([order, line]);

/** What was sent of each line, by shipment. */
function sentBy(shipments: readonly ShipmentRow[]): ReadonlyMap<string, readonly Part[]> {
  const parts = new Map<string, Part[]>();
  for (const { shipment, eta, dispatched, lines } of shipments)
    for (const line of lines) {
      const key = keyOf(line.order, line.line);
      parts.set(key, [...(parts.get(key) ?? []), { ...line, shipment, eta, dispatched }]);
    }
  return parts;
}

/** What owners have on one shipment, together. */
function byShipment(parts: readonly Part[]): readonly Part[] {
  const all = new Map<string, Part>();
  for (const part of parts) {
    const { shipment, advised, received, damaged, lost, inTransit, arrived } = part;
    const before = all.get(shipment);
    if (before === undefined) all.set(shipment, part);
    else
      all.set(shipment, {
        ...before,
        ...{
          advised: before.advised + advised,
          received: before.received + received,
          damaged: before.damaged + damaged,
        },
        ...{ lost: before.lost + lost, inTransit: before.inTransit + inTransit },
        arrived: (before.arrived ?? '') > (arrived ?? '') ? before.arrived : arrived,
      });
  }
  return [...all.values()];
}

/** What owners have on one shipment is one mark, where it is of the same day. */
function marksOf(parts: readonly Part[]): Mark[] {
  const marks = new Map<string, Mark>();
  const add = (kind: Mark['kind'], moment: string | null, { shipment }: Part, quantity: number): void => {
    if (moment === null || quantity === 0) return;
    const mark = { kind, day: moment.slice(0, 10), shipment };
    const key = JSON.stringify(mark);
    marks.set(key, { ...mark, quantity: (marks.get(key)?.quantity ?? 0) + quantity });
  };
  for (const part of parts) {
    add('sent', part.dispatched, part, part.advised);
    add('expected', part.eta, part, part.inTransit);
    add('arrived', part.arrived, part, part.received + part.damaged);
  }
  return [...marks.values()].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
}

/** Whose they are now, and what the supplier said. */
function reasonsOf({ line, buyer }: Known): Reason[] {
  const reasons: Reason[] = [];
  const others = new Map<string, number>();
  for (const { owner, quantity } of line.units)
    if (owner !== buyer) others.set(owner, (others.get(owner) ?? 0) + quantity);
  for (const [owner, quantity] of others) reasons.push([quantity, `${units(quantity)} went to ${owner}`]);
  if (line.cancelled > 0) reasons.push([line.cancelled, `${units(line.cancelled)} were cancelled`]);
  const { promised, dueFirst } = line;
  if (dueFirst !== undefined && dueFirst < line.window.to)
    reasons.push([line.quantity / 2, `it was due on ${day(dueFirst)}, before its window was moved`]);
  if (promised !== null) {
    const short = promised.ordered.quantity - promised.quantity;
    if (short > 0) reasons.push([short, `the supplier confirmed ${units(short)} fewer`]);
    if (promised.window !== null && promised.window.to > line.window.to)
      reasons.push([line.quantity / 2, `the supplier confirmed them for ${day(promised.window.to)}`]);
  }
  for (const { item, quantity } of line.substitutedBy ?? [])
    reasons.push([quantity, `${units(quantity)} came as ${item} instead`]);
  for (const { quantity, swap, hold, until } of line.holds)
    reasons.push([quantity, `${units(quantity)} are kept for ${swap ?? hold ?? 'something'} until ${day(until)}`]);
  return reasons;
}

/** What became of units on a shipment. */
function shipmentReasons({ due }: Line, part: Part): Reason[] {
  const { shipment, eta, advised, received, damaged, lost, inTransit, arrived } = part;
  const missing = advised - received - damaged - lost - inTransit;
  const counts: readonly Reason[] = [
    [lost, `${units(lost)} were lost on ${shipment}`],
    [damaged, `${units(damaged)} arrived damaged with ${shipment}`],
    [missing, `${units(missing)} fewer arrived than ${shipment} was said to have`],
  ];
  const reasons = counts.filter(([count]) => count > 0);
  if (inTransit > 0 && eta !== null && eta > due)
    reasons.push([inTransit, `${units(inTransit)} are expected on ${day(eta)}, with ${shipment}`]);
  if (arrived !== null && arrived.slice(0, 10) > due)
    reasons.push([(received + damaged) / 2, `${shipment} had not all arrived before ${day(arrived)}`]);
  return reasons;
}

/** Of a line that is late: who came later and was served first. */
function lateReasons(row: Known, lines: readonly Known[]): Reason[] {
  if (row.toCome === 0) return [];
  const isAfter = (other: Known) =>
    other.line.due > row.line.due || (other.line.due === row.line.due && other.placed > row.placed);
  const overtaking = lines
    .filter((other) => other.supplier === row.supplier && other.line.item === row.line.item && isAfter(other))
    .map((other) => [other.arrived + other.onTheWay, other] as const)
    .filter(([sent]) => sent > 0)
    .sort(([a], [b]) => b - a)
    .slice(0, 2);
  return [
    ...overtaking.map(
      ([sent, { order, line, buyer }]): Reason => [
        Math.min(sent, row.toCome),
        `overtaken by ${order} line ${line.line} of ${buyer}: ${units(sent)} were sent first`,
      ],
    ),
    [row.toCome / 2, `${units(row.toCome)} were not sent yet`],
  ];
}

/** A shipment may arrive in parts: its day is the one by which all of them were there. */
export const inWords = ({ kind, day: on, quantity, shipment }: Mark): string =>
  `${units(quantity)} ${kind} ${kind === 'arrived' ? 'by' : 'on'} ${day(on)}, ${kind === 'sent' ? 'on' : 'with'} ${shipment}`;

/** What is on the screen of a line, for a file. */
export function savedOf(row: DeliveryLine): object {
  const { order, line, buyer, supplier, toCome, onTheWay, arrived, isLate, lateUntil, marks, reasons } = row;
  const { item, quantity, window, due, dueFirst, promised } = line;
  return {
    ...{ order, line: line.line, item, buyer, supplier, ordered: quantity, from: window.from, to: window.to, due },
    firstDue: dueFirst ?? null,
    confirmed: promised?.code ?? null,
    confirmedUnits: promised?.quantity ?? null,
    confirmedTo: promised?.window?.to ?? null,
    ...{ toCome, onTheWay, arrived, late: isLate ? 'late' : lateUntil === undefined ? null : 'came late' },
    owners: line.units.map((one) => `${one.owner}: ${units(one.quantity)} ${one.stage}`).join('; '),
    timeline: marks.map(inWords).join('; '),
    reasons: reasons.join('; '),
  };
}
