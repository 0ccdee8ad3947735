import type { OrderRow, ShipmentRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { day, moment, units } from '../../format.ts';
import { Empty } from '../../ui/parts.tsx';
import { Filter, Heads, TablePanel, View } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { chosen } from '../../url/place.ts';
import { usePlace } from '../../url/usePlace.ts';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import { Custody } from './Custody.tsx';

const statusText: Readonly<Record<ShipmentRow['status'], string>> = {
  in_transit: 'on the way',
  partly_received: 'partly received',
  received: 'received',
  ended: 'ended, nothing came',
};

/** What was sent, to whom and for whom it was ordered, what arrived, what is missing, and who has had it. */
export function Shipments() {
  const { choices } = usePlace();
  const { consignee, owner, item, shipment } = choices;
  const answer = useAsk<ShipmentRow>('shipments', { consignee, owner, item }, { most: 1000 });
  const orders = useAsk<OrderRow>('orders', { item }, { most: 1000 });
  const buyers = new Map(orders.rows?.map(({ order, buyer }) => [order, buyer]));
  const rows = answer.rows ?? [];
  const shown = shipment === undefined ? rows : rows.filter((row) => row.shipment === shipment);
  return (
    <>
      <View
        title="What is on its way, and what arrived"
        answer={answer}
        what="shipments"
        saved={shown.flatMap(({ lines, partial: _partial, ...row }) =>
          lines.map((line) => ({ ...row, buyer: buyers.get(line.order) ?? null, ...line })),
        )}
        empty={
          <Empty title="No shipment">
            <p>Nothing that you ask for was sent by this moment.</p>
          </Empty>
        }
        tools={<Tools rows={rows} />}
      >
        {() => (
          <TablePanel label="Shipments">
            <Heads
              names={['Shipment', 'For', 'Sent, expected', 'Line', '#Sent', '#Arrived', '#On the way', 'Discrepancies']}
            />
            <tbody>
              {shown.flatMap((row) =>
                row.lines.map((line, i) => (
                  <Line key={`${row.shipment} ${i}`} row={row} line={line} buyer={buyers.get(line.order)} />
                )),
              )}
            </tbody>
          </TablePanel>
        )}
      </View>
      {shipment !== undefined && <Custody shipment={shipment} />}
    </>
  );
}

function Tools({ rows }: { readonly rows: readonly ShipmentRow[] }) {
  return (
    <>
      <Filter label="Shipment" name="shipment" options={rows.map((row) => row.shipment)} />
      <Filter label="For" name="consignee" options={rows.map((row) => row.consignee)} />
      <Filter label="Owner" name="owner" options={rows.flatMap(({ lines }) => lines.map((line) => line.owner))} />
      <Filter label="Item" name="item" options={rows.flatMap(({ lines }) => lines.map((line) => line.item))} />
    </>
  );
}

interface LineProps {
  readonly row: ShipmentRow;
  readonly line: ShipmentRow['lines'][number];
  /** Who ordered it; undefined: this key does not see the order. */
  readonly buyer: string | undefined;
}

function Line({ row, line, buyer }: LineProps) {
  const place = usePlace();
  const wrong = [
    [line.damaged, 'damaged'],
    [line.surplus, 'more than was sent'],
    [line.lost, 'lost'],
  ] as const;
  const found = wrong.filter(([count]) => count > 0).map(([count, what]) => `${units(count)} ${what}`);
  return (
    <tr>
      <th scope="row">
        {row.shipment} <span className="tag">{statusText[row.status]}</span>
        <div className="soft small">carried by {row.carrier}</div>
        {place.choices.shipment === undefined && (
          <div className="small">
            <Link to={chosen(place, { shipment: row.shipment })}>who has had it</Link>
          </div>
        )}
      </th>
      <td className="words">
        {row.consignee}
        {row.destination !== null && <div className="soft small">{row.destination}</div>}
        {buyer !== undefined && buyer !== row.consignee && <div className="tag">ordered by {buyer}</div>}
        {line.owner !== row.consignee && <div className="small">units of {line.owner}</div>}
      </td>
      <td className="small nowrap">
        {moment(row.dispatched)}
        <div className="soft">{row.eta === null ? 'no day was said' : `expected ${day(row.eta)}`}</div>
      </td>
      <td className="nowrap">
        {line.item}
        <div className="soft small">
          {line.order} line {line.line}
        </div>
      </td>
      <td className="number">{units(line.advised)}</td>
      <td className="number">
        {units(line.received)}
        {line.arrived !== null && <div className="soft small nowrap">{day(line.arrived)}</div>}
      </td>
      <td className="number">
        <WhyNumber
          count={line.inTransit}
          subject={{ shipment: row.shipment, owner: line.owner, order: line.order, line: line.line }}
          what={`${row.shipment}, on the way`}
        />
      </td>
      <td>
        {found.length === 0 ? <span className="soft">none</span> : found.map((text) => <div key={text}>{text}</div>)}
      </td>
    </tr>
  );
}
