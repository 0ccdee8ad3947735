import type { SwapRow } from '#contracts/rows';
import { units } from '../../format.ts';
import { Heads, ScrollTable } from '../../ui/View.tsx';
import { agedOf, ages } from './statement.ts';

interface Props {
  readonly legs: readonly SwapRow['legs'][number][];
  /** The day on which its age is counted. */
  readonly on: string;
}

/** What was agreed and has not come, by how long it is overdue. */
export function Ageing({ legs, on }: Props) {
  const rows = agedOf(legs, on);
  if (rows.length === 0) return <p className="said small">Nothing that was agreed is missing.</p>;
  return (
    <ScrollTable label="What has not come, by age" kind="ageing">
      <caption>What has not come, by how long it is overdue</caption>
      <Heads names={['Who gives, to whom', 'Item', ...ages.map((age) => `#${age}`)]} />
      <tbody>
        {rows.map(({ from, to, item, missing }) => (
          <tr key={`${from} ${to} ${item}`}>
            <th scope="row">
              {from} → {to}
            </th>
            <td>{item}</td>
            {missing.map((count, i) => (
              <td key={ages[i]} className={`number ${i > 0 && count > 0 ? 'wrong' : ''}`}>
                {units(count)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}
