import type { QueueRow } from '#contracts/rows';
import { useAsk } from '../../api/useAsk.ts';
import { day, units } from '../../format.ts';
import { Answered, Empty } from '../../ui/parts.tsx';
import { Heads, TablePanel } from '../../ui/View.tsx';
import { WhyNumber } from '../../why/WhyNumber.tsx';

/** Who waits for an item, in turn; and who took whose place. */
export function Queue({ item }: { readonly item: string }) {
  const answer = useAsk<QueueRow>(`items/${encodeURIComponent(item)}/queue`, {}, { most: 1000 });
  return (
    <div className="view queue">
      <h2>The queue for {item}</h2>
      <p className="soft small">By the window that the supplier is held to, then by who ordered first.</p>
      <Answered answer={answer} what="the queue" empty={<Empty title={`Nobody waits for ${item}`} />}>
        {(rows) => (
          <TablePanel label={`The queue for ${item}`}>
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
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.position} ${row.owner} ${row.order} ${row.line}`}>
                  <td className="number">{row.position}</td>
                  <th scope="row">
                    {row.owner} {row.owner !== row.buyer && <span className="tag">took the place of {row.buyer}</span>}
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
              ))}
            </tbody>
          </TablePanel>
        )}
      </Answered>
    </div>
  );
}
