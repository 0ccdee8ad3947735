import { useQuery } from '@tanstack/react-query';
import type { HoldingDiffRow } from '#contracts/changeRows';
import { askRows } from '../api/client.ts';
import { ledgerPath } from '../api/paths.ts';
import { signed, units } from '../format.ts';
import { Heads, ScrollTable } from '../ui/View.tsx';
import { usePlace } from '../url/usePlace.ts';
import { type Place, placeName } from './moves.ts';

/** Every account that the event touched, before it and after it. */
export function Accounts({ sequence }: { readonly sequence: number }) {
  const { ledger = '' } = usePlace();
  const { data } = useQuery({
    queryKey: [ledger, 'accounts', sequence],
    queryFn: ({ signal }) =>
      askRows<HoldingDiffRow>(
        `${ledgerPath(ledger)}/holdings/diff`,
        { 'from-known': sequence - 1, known: sequence },
        signal,
        500,
      ),
    staleTime: Infinity,
  });
  if (data === undefined || data.rows.length === 0) return null;
  const most = Math.max(1, ...data.rows.flatMap(({ before, after }) => [Math.abs(before), Math.abs(after)]));
  return (
    <section>
      <h3>The accounts before and after it</h3>
      <ScrollTable label="Accounts before and after">
        <Heads names={['Account', '#Before', '#Change', '#After']} />
        <tbody>
          {data.rows.map((row, i) => (
            <tr key={i}>
              <th scope="row">
                {row.item}, {placeName(row as unknown as Place)}
                <div className="soft small">
                  {row.order} line {row.line}
                </div>
                <span className={`before-after is-${row.stage ?? ''}`} aria-hidden="true">
                  <i style={{ width: `${(Math.abs(row.before) / most) * 100}%` }} />
                  <i className="after" style={{ width: `${(Math.abs(row.after) / most) * 100}%` }} />
                </span>
              </th>
              <td className="number">{units(row.before)}</td>
              <td className="number">{signed(row.change)}</td>
              <td className="number">{units(row.after)}</td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}
