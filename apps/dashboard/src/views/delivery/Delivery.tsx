import { useMemo } from 'react';
import type { OrderRow, ShipmentRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { day, units } from '../../format.ts';
import { Empty } from '../../ui/parts.tsx';
import { ChooseWay, Filter, Heads, TablePanel, View, wayOf, type Ways } from '../../ui/View.tsx';
import { usePlace } from '../../url/usePlace.ts';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import { type DeliveryLine, deliveryOf } from './delivery.ts';
import { Queue } from './Queue.tsx';
import { SupplyGrid } from './Supply.tsx';
import { isIn, type Period, periodOf } from './supply.ts';
import './delivery.css';

type Shape = 'lines' | 'supply';
const shapes: Ways<Shape> = [
  ['lines', 'Order lines'],
  ['supply', 'Supply'],
];

/** When what was promised comes, to whom, and why not. */
export function Delivery() {
  const { at, choices } = usePlace();
  const { item, buyer, late, supplier, order, due, show } = choices;
  const shape = wayOf(show, shapes);
  const answer = useAsk<OrderRow>('orders', { item, buyer, late, supplier }, { most: 1000 });
  const shipments = useAsk<ShipmentRow>('shipments', { item }, { most: 1000 });
  const today = (at ?? new Date().toISOString()).slice(0, 10);
  const all = useMemo(() => deliveryOf(answer.rows ?? [], today, shipments.rows), [answer.rows, shipments.rows, today]);
  const period = periodOf(due);
  const shown = all.filter(
    (row) =>
      (item === undefined || row.line.item === item) &&
      (order === undefined || row.order === order) &&
      (period === undefined || isIn(row.line.due, period)),
  );
  return (
    <>
      <View
        title="When it comes, and to whom"
        answer={answer}
        what="orders"
        empty={
          <Empty title="No order">
            <p>No order that you ask for was placed by this moment.</p>
          </Empty>
        }
        tools={<Tools all={all} period={period} />}
      >
        {() =>
          shape === 'supply' ? (
            <SupplyGrid lines={all} />
          ) : shown.length === 0 ? (
            <Empty title="No order line is like that" />
          ) : (
            <Lines lines={shown} today={today} />
          )
        }
      </View>
      {item !== undefined && shape === 'lines' && <Queue item={item} />}
    </>
  );
}

interface ToolsProps {
  readonly all: readonly DeliveryLine[];
  readonly period: Period | undefined;
}

function Tools({ all, period }: ToolsProps) {
  return (
    <>
      <Filter label="Item" name="item" options={all.map(({ line }) => line.item)} />
      <Filter label="Buyer" name="buyer" options={all.map((row) => row.buyer)} />
      <Filter label="Supplier" name="supplier" options={all.map((row) => row.supplier)} />
      <Filter label="Order" name="order" options={all.map((row) => row.order)} />
      <Filter
        label="Late"
        name="late"
        options={['true', 'false']}
        text={(text) => (text === 'true' ? 'late' : 'in time')}
      />
      {period !== undefined && <Filter label="Due" name="due" options={[]} text={() => dueText(period)} />}
      <ChooseWay label="Show" name="show" ways={shapes} />
    </>
  );
}

const dueText = ({ from, to }: Period): string => `${day(from)} to ${day(to)}`;

function Lines({ lines, today }: { readonly lines: readonly DeliveryLine[]; readonly today: string }) {
  const scale = daysOf(lines);
  return (
    <TablePanel label="Order lines">
      <Heads
        names={[
          ...['Order line', 'Window', '#Ordered', '#To come', '#On the way', '#Arrived'],
          ...['Whose they are now', 'Why late or short'],
        ]}
      />
      <tbody>
        {lines.map((row) => (
          <Row key={`${row.order} ${row.line.line}`} row={row} scale={scale} today={today} />
        ))}
      </tbody>
    </TablePanel>
  );
}

/** From the first window to the last, in milliseconds. */
interface Days {
  readonly from: number;
  readonly to: number;
}
const DAY_MS = 86_400_000;

function daysOf(lines: readonly DeliveryLine[]): Days {
  const days = lines
    .flatMap(({ line }) => [line.window.from, line.window.to, line.due])
    .map((text) => Date.parse(text));
  const [from, to] = [Math.min(...days), Math.max(...days) + DAY_MS];
  const room = (to - from) * 0.05;
  return { from: from - room, to: to + room };
}

/** In percent; what is beyond stands at the end. */
const placeOf = ({ from, to }: Days, time: number): number =>
  Math.min(100, Math.max(0, ((time - from) / (to - from)) * 100));

interface RowProps {
  readonly row: DeliveryLine;
  readonly scale: Days;
  readonly today: string;
}

function Row({ row, scale, today }: RowProps) {
  const { order, line } = row;
  const number = (count: number, stage: string, name: string) => (
    <td className="number">
      <WhyNumber
        count={count}
        subject={{ order, line: line.line, stage }}
        what={`${order} line ${line.line}, ${name}`}
      />
    </td>
  );
  return (
    <tr>
      <th scope="row">
        {order} <span className="soft">line {line.line}</span>
        <div className="soft small">
          {line.item} for {row.buyer}, from {row.supplier}
        </div>
      </th>
      <Window row={row} scale={scale} today={today} />
      <td className="number">{units(line.quantity)}</td>
      {number(row.toCome, 'ordered', 'to come')}
      {number(row.onTheWay, 'in_transit', 'on the way')}
      {number(row.arrived, 'held', 'arrived')}
      <td className="small">
        {line.units.map(({ owner, stage, shipment, quantity }) => (
          <div key={`${owner} ${stage} ${shipment ?? ''}`}>
            <span className={`stage is-${stage}`}>
              {owner}: {units(quantity)} {stage.replace('_', ' ')}
            </span>
          </div>
        ))}
      </td>
      <td className="small reasons">
        <ol>
          {row.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ol>
      </td>
    </tr>
  );
}

function Window({ row: { line, isLate }, scale, today }: RowProps) {
  const { window, promised } = line;
  const [from, to] = [placeOf(scale, Date.parse(window.from)), placeOf(scale, Date.parse(window.to) + DAY_MS)];
  const now = placeOf(scale, Date.parse(today));
  return (
    <td className="window">
      <svg aria-hidden="true">
        <line className="all" x1="0%" x2="100%" y1="8" y2="8" />
        <rect x={`${from}%`} width={`${to - from}%`} y="3" height="10" />
        <line className="today" x1={`${now}%`} x2={`${now}%`} y1="0" y2="16" />
      </svg>
      <span className="small">
        {day(window.from)} to {day(window.to)}
      </span>{' '}
      {isLate && <span className="tag bad">late</span>}
      {promised !== null && (
        <div className="soft small">
          confirmed: {promised.code}, {units(promised.quantity)}
          {promised.window !== null && ` by ${day(promised.window.to)}`}
        </div>
      )}
    </td>
  );
}
