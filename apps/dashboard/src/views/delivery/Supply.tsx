import { useQueries } from '@tanstack/react-query';
import type { ItemRow } from '#contracts/rows';
import type { SupplyRow } from '#contracts/supplyRows';
import { askRows } from '../../api/client.ts';
import { ledgerPath } from '../../api/paths.ts';
import { useAsk, useMoment } from '../../api/useAsk.ts';
import { day, plural, units } from '../../format.ts';
import { Answered, Empty, Term } from '../../ui/parts.tsx';
import { SaveRows, TablePanel } from '../../ui/View.tsx';
import { Link } from '../../url/Link.tsx';
import { chosen } from '../../url/place.ts';
import { usePlace } from '../../url/usePlace.ts';
import type { DeliveryLine } from './delivery.ts';
import { periodText, type Supply, supplyOf } from './supply.ts';

/** So many items are asked about; of more, one is chosen. */
const MOST_ITEMS = 50;

/** What suppliers committed to, an item and a period a row, and what has become of it. */
export function SupplyGrid({ lines }: { readonly lines: readonly DeliveryLine[] }) {
  const { item } = usePlace().choices;
  const items = useAsk<ItemRow>('items', {}, { most: 1000 });
  const names = (items.rows ?? []).map((row) => row.item).filter((name) => item === undefined || name === item);
  const asked = names.slice(0, MOST_ITEMS);
  const answers = useSupplies(asked);
  const rows = asked.flatMap((name, i) => supplyOf(name, answers[i] ?? [], lines));
  return (
    <Answered answer={items} what="the supply" empty={<Empty title="No item is registered yet" />}>
      {() => (
        <>
          {names.length > asked.length && (
            <p className="soft small">These are the first {MOST_ITEMS} items: choose one above to see it.</p>
          )}
          <div className="save-supply">
            <SaveRows rows={rows} what="supply" sequence={items.sequence} />
          </div>
          <Grid rows={rows} />
        </>
      )}
    </Answered>
  );
}

/** The supply of each of the items, as far as it is answered. */
function useSupplies(items: readonly string[]): readonly (readonly SupplyRow[] | undefined)[] {
  const { ledger = '' } = usePlace();
  const moment = useMoment();
  const answers = useQueries({
    queries: items.map((item) => ({
      queryKey: [ledger, 'supply', item, moment],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        askRows<SupplyRow>(`${ledgerPath(ledger)}/items/${encodeURIComponent(item)}/supply`, moment, signal),
      staleTime: Infinity,
    })),
  });
  return answers.map(({ data }) => data?.rows);
}

function Grid({ rows }: { readonly rows: readonly Supply[] }) {
  if (rows.length === 0)
    return (
      <section className="panel">
        <Empty title="Nothing is to be supplied">
          <p>No supplier committed to anything by this moment, and nothing was ordered.</p>
        </Empty>
      </section>
    );
  const most = Math.max(1, ...rows.map(({ committed, promised }) => Math.max(committed ?? 0, promised)));
  return (
    <TablePanel label="Supply">
      <thead>
        <tr>
          <th scope="col">Item and supplier</th>
          <th scope="col">Period</th>
          {(['Committed', 'Promised by orders', 'Allocated', 'On hold', 'Delivered'] as const).map((word) => (
            <th scope="col" className="number" key={word}>
              <Term word={word} />
            </th>
          ))}
          <th scope="col">Delivered and promised, of what is committed</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row
            key={`${row.item} ${row.supplier} ${periodText(row.period)} ${row.committed ?? ''}`}
            row={row}
            most={most}
          />
        ))}
      </tbody>
    </TablePanel>
  );
}

function Row({ row, most }: { readonly row: Supply; readonly most: number }) {
  const place = usePlace();
  const { item, supplier, period, committed, promised, oversold } = row;
  const orders = { show: undefined, item, supplier, due: periodText(period), late: undefined, buyer: undefined };
  const width = (count: number) => ({ width: `${(count / most) * 100}%` });
  return (
    <tr>
      <th scope="row">
        {item} <span className="soft small">from {supplier}</span>
      </th>
      <td className="nowrap">
        {day(period.from)} to {day(period.to)}
        <div className="small">
          <Link to={chosen(place, orders)}>{plural(row.lines, 'order line')}</Link>
        </div>
      </td>
      <td className="number">{committed === null ? <span className="soft">not said</span> : units(committed)}</td>
      <td className="number">
        {units(promised)}
        {oversold > 0 && <div className="small wrong">{units(oversold)} too many</div>}
      </td>
      <td className="number">{units(row.allocated)}</td>
      <td className="number">{units(row.held)}</td>
      <td className="number">{units(row.delivered)}</td>
      <td className="supply" aria-hidden="true">
        <i className="committed" style={width(committed ?? promised)}>
          <i
            className="promised"
            style={{ width: `${committed === null ? 100 : Math.min(100, (promised / Math.max(1, committed)) * 100)}%` }}
          />
        </i>
        <i className="delivered is-held" style={width(row.delivered)} />
      </td>
    </tr>
  );
}
