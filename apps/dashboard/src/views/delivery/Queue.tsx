import type { QueueRow } from '#contracts/rows';
import { Refused } from '../../api/client.ts';
import { useAsk } from '../../api/useAsk.ts';
import { day, units } from '../../format.ts';
import { LongBody } from '../../ui/LongBody.tsx';
import { Answered, Empty } from '../../ui/parts.tsx';
import { Heads, TablePanel } from '../../ui/View.tsx';
import { WhyNumber } from '../../why/WhyNumber.tsx';
import { Taken } from './Taken.tsx';

/** Who waits for an item, in turn; and who took whose place. */
export function Queue({ item }: { readonly item: string }) {
  const asked = useAsk<QueueRow>(`items/${encodeURIComponent(item)}/queue`, {}, { most: 1000 });
  // Before an item was registered nobody waited for it.
  const isUnknown = asked.error instanceof Refused && asked.error.problem.status === 404;
  const answer = isUnknown ? { ...asked, rows: [], error: undefined } : asked;
  return (
    <div className="view queue">
      <h2>The queue for {item}</h2>
      <p className="soft small">By the window that the supplier is held to, then by who ordered first.</p>
      <Answered answer={answer} what="the queue" empty={<Empty title={`Nobody waits for ${item} at this moment`} />}>
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
