import type { LineageRow } from '#contracts/lineageRows';
import type { QueueRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { EventLink } from '../../event/EventLink.tsx';
import { day, eventName, units } from '../../format.ts';
import { LongBody } from '../../ui/LongBody.tsx';
import { Answered, Empty } from '../../ui/parts.tsx';
import { Heads, TablePanel } from '../../ui/View.tsx';
import { Agreed } from '../../why/Agreed.tsx';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import { takeoversOf } from './delivery.ts';

/** Who waits for an item, in turn; and who took whose place. */
export function Queue({ item }: { readonly item: string }) {
  const answer = useAsk<QueueRow>(`items/${encodeURIComponent(item)}/queue`, {}, { most: 1000 });
  return (
    <div className="view queue">
      <h2>The queue for {item}</h2>
      <p className="soft small">By the window that the supplier is held to, then by who ordered first.</p>
      <Answered answer={answer} what="the queue" empty={<Empty title={`Nobody waits for ${item}`} />}>
        {(rows) => (
          <TablePanel label={`The queue for ${item}`} rows={rows.length + 1}>
            <Heads
              names={[
                '#Place',
                'Whose place it is',
                'Ordered by',
                'Order line',
                'Due',
                '#Units',
                '#To come',
                '#On the way',
                '#There',
              ]}
            />
            <LongBody rows={rows} columns={9}>
              {(row, at) => <Place key={`${row.owner} ${row.order} ${row.line}`} row={row} at={at} />}
            </LongBody>
          </TablePanel>
        )}
      </Answered>
    </div>
  );
}

function Place({ row, at }: { readonly row: QueueRow; readonly at: number }) {
  return (
    <tr aria-rowindex={at}>
      <td className="number">{row.position}</td>
      <th scope="row">
        {row.owner}
        {row.owner !== row.buyer && <Taken row={row} />}
      </th>
      <td>{row.buyer}</td>
      <td className="nowrap">
        {row.order} line {row.line}
      </td>
      <td className="nowrap">{day(row.due)}</td>
      <td className="number">
        <WhyNumber
          count={row.quantity}
          subject={{ owner: row.owner, order: row.order, line: row.line }}
          what={`${row.owner}, ${row.order} line ${row.line}`}
        />
      </td>
      <td className="number">{units(row.ordered)}</td>
      <td className="number">{units(row.in_transit)}</td>
      <td className="number">{units(row.held)}</td>
    </tr>
  );
}

/** So many events are written out, the newest first. */
const WRITTEN = 3;

/** Whose place it was, and by which events and on whose authority it was taken. */
function Taken({ row: { owner, buyer, order, line } }: { readonly row: QueueRow }) {
  const { rows, error } = useAsk<LineageRow>('holdings/lineage', { owner, order, line }, { most: 100 });
  const takeovers = takeoversOf(owner, rows ?? []);
  const rest = takeovers.length - WRITTEN;
  return (
    <>
      {' '}
      <span className="tag">took the place of {buyer}</span>
      <ul className="taken small">
        {takeovers.slice(0, WRITTEN).map(({ step: { sequence, type, from, agreement }, quantity }) => (
          <li key={sequence}>
            {units(quantity)} from {from?.owner}: <EventLink sequence={sequence}>{eventName(type)}</EventLink>
            {agreement !== null && <Agreed agreement={agreement} />}
          </li>
        ))}
        {rest > 0 && <li className="soft">and by {units(rest)} earlier events: click its units</li>}
        {rows !== undefined && takeovers.length === 0 && (
          <li className="soft">by events that do not concern whose key this is</li>
        )}
        {rows === undefined && error !== undefined && <li className="soft">by which event: {error.message}</li>}
      </ul>
    </>
  );
}
