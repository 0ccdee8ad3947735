import { useAsk } from '../../api/useAsk.ts';
import { EventLink } from '../../event/EventLink.tsx';
import type { Told } from '../../event/told.ts';
import { eventName, moment, units } from '../../format.ts';
import { Answered, Empty } from '../../ui/parts.tsx';
import { Heads, TablePanel } from '../../ui/View.tsx';
import { handoversOf } from './custody.ts';
import './shipments.css';

/** Who has had what is on a shipment, hand by hand. */
export function Custody({ shipment }: { readonly shipment: string }) {
  const answer = useAsk<Told>('events', { entity: `shipment/${shipment}` });
  const nothing = <Empty title="No handover that this key may see" />;
  return (
    <div className="view custody">
      <h2>Who has had {shipment}</h2>
      <Answered answer={answer} what="who has had it" empty={nothing}>
        {(rows) => {
          const handovers = handoversOf(shipment, rows);
          return handovers.length === 0 ? (
            nothing
          ) : (
            <TablePanel label={`Who has had ${shipment}`}>
              <Heads names={['When', 'By which event', 'From', 'To', '#Units']} />
              <tbody>
                {handovers.map(({ sequence, type, time, from, to, quantities }) => (
                  <tr key={`${sequence} ${from} ${to}`}>
                    <td className="nowrap">{moment(time)}</td>
                    <th scope="row">
                      <EventLink sequence={sequence}>{eventName(type)}</EventLink>
                    </th>
                    <td>{from}</td>
                    <td>{to}</td>
                    <td className="number">
                      {[...quantities].map(([item, quantity]) => (
                        <div key={item}>
                          {units(quantity)} <span className="soft">{item}</span>
                        </div>
                      ))}
                    </td>
                  </tr>
                ))}
              </tbody>
            </TablePanel>
          );
        }}
      </Answered>
    </div>
  );
}
