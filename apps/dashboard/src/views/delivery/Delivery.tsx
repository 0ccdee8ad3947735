import { useMemo } from 'react';
import type { OrderRow, ShipmentRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { day, units } from '../../format.ts';
import type { Scale } from '../../time/scale.ts';
import { LongBody } from '../../ui/LongBody.tsx';
import { Empty } from '../../ui/parts.tsx';
import { ChooseWay, Filter, Heads, TablePanel, View, wayOf, type Ways } from '../../ui/View.tsx';
import { usePlace } from '../../url/usePlace.ts';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import { type DeliveryLine, deliveryOf, savedOf } from './delivery.ts';
import { Queue } from './Queue.tsx';
import { SupplyGrid } from './Supply.tsx';
import { isIn, type Period, periodOf } from './supply.ts';
import { Axis, Legend, scaleOf, Timeline } from './Timeline.tsx';
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
        what="order lines"
        saved={shape === 'supply' ? null : shown.map(savedOf)}
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
        text={(text) => (text === 'true' ? 'late now' : 'not late now')}
      />
      {period !== undefined && <Filter label="Due" name="due" options={[]} text={() => dueText(period)} />}
      <ChooseWay label="Show" name="show" ways={shapes} />
    </>
  );
}

const dueText = ({ from, to }: Period): string => `${day(from)} to ${day(to)}`;

function Lines({ lines, today }: { readonly lines: readonly DeliveryLine[]; readonly today: string }) {
  const scale = useMemo(() => scaleOf(lines), [lines]);
  return (
    <>
      <Legend scale={scale} today={today} />
      <TablePanel label="Order lines" rows={lines.length + 1}>
        <Heads
          names={[
            ...['Order line', 'Timeline', '#Ordered', '#To come', '#On the way', '#Arrived'],
            ...['Whose they are now', 'Why late or short'],
          ]}
          beneath={{ Timeline: <Axis scale={scale} /> }}
        />
        <LongBody rows={lines} columns={8}>
          {(row, at) => <Row key={`${row.order} ${row.line.line}`} row={row} at={at} scale={scale} today={today} />}
        </LongBody>
      </TablePanel>
    </>
  );
}

interface RowProps {
  readonly row: DeliveryLine;
  readonly at: number;
  readonly scale: Scale;
  readonly today: string;
}

function Row({ row, at, scale, today }: RowProps) {
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
    <tr aria-rowindex={at}>
      <th scope="row">
        {order} <span className="soft">line {line.line}</span>
        <div className="soft small">
          {line.item} for {row.buyer}, from {row.supplier}
        </div>
      </th>
      <Timeline row={row} scale={scale} today={today} />
      <td className="number">{units(line.quantity)}</td>
      {number(row.toCome, 'ordered', 'to come')}
      {number(row.onTheWay, 'in_transit', 'on the way')}
      {number(row.arrived, 'held', 'arrived')}
      <td className="small whose">
        {line.units.map(({ owner, stage, shipment, quantity }) => (
          <div key={`${owner} ${stage} ${shipment ?? ''}`}>
            <span className={`stage is-${stage}`}>
              {owner}: {units(quantity)} {stage.replace('_', ' ')}
              {shipment !== null && ` on ${shipment}`}
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
