import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { StatusRow } from '#contracts/statusRows';
import { askRows } from '../../api/client.ts';
import { ago, moment, units } from '../../format.ts';
import { Empty, Loading, Trouble } from '../../ui/parts.tsx';
import { Heads, TablePanel } from '../../ui/View.tsx';

const ASK_MS = 2_000;
const REMEMBERED = 60;

const stateText: Readonly<Record<StatusRow['state'], string>> = {
  live: 'live',
  'catching-up': 'catching up',
  rebuilding: 'being built',
  hole: 'stands still: an event is missing',
  parked: 'stands still',
};

/** How far every consumer of every ledger is. It is about now: how far they were is recorded nowhere. */
export function Status() {
  const { data, error, refetch } = useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => askRows<StatusRow>('/v1/status', {}, signal),
    refetchInterval: ASK_MS,
  });
  const trends = useTrends(data?.rows);
  return (
    <div className="view">
      <header>
        <div>
          <h1>Is anything behind?</h1>
          <p className="soft small">About now, whatever the bar of time says. Asked every two seconds.</p>
        </div>
      </header>
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      {data === undefined ? (
        error === null && <Loading what="the status" />
      ) : data.rows.length === 0 ? (
        <Empty title="Nothing follows a ledger yet" />
      ) : (
        <TablePanel label="Consumers">
          <Heads names={['Consumer', 'Ledger', 'State', '#Event', '#Behind, events', '#Behind, seconds', 'Lately']} />
          <tbody>
            {data.rows.map((row) => (
              <Row key={keyOf(row)} row={row} trend={trends.get(keyOf(row)) ?? []} />
            ))}
          </tbody>
        </TablePanel>
      )}
    </div>
  );
}

const keyOf = ({ consumer, ledger, version }: StatusRow): string => `${consumer} ${ledger} ${version ?? ''}`;

function Row({ row, trend }: { readonly row: StatusRow; readonly trend: readonly number[] }) {
  const isStill = row.state === 'hole' || row.state === 'parked';
  return (
    <tr>
      <th scope="row">
        {row.consumer}
        {row.version !== null && <span className="soft small"> read models, version {row.version}</span>}
      </th>
      <td>{row.ledger}</td>
      <td>
        <span className={`tag first ${isStill ? 'bad' : row.state === 'live' ? 'good' : ''}`}>
          {stateText[row.state]}
        </span>
        {row.since !== undefined && (
          <div className="small">
            since {moment(row.since)} ({ago(Date.now() - Date.parse(row.since))})
          </div>
        )}
        {row.reason !== undefined && <div className="small">{row.reason}</div>}
        {row.advice !== undefined && (
          <div className="small">
            <strong>What to do:</strong> {row.advice}
          </div>
        )}
      </td>
      <td className="number">
        {units(row.sequence)} <span className="soft">of {units(row.head)}</span>
      </td>
      <td className="number">{units(row.lagEvents)}</td>
      <td className="number">{row.lagSeconds.toFixed(1)}</td>
      <td>
        <Trend values={trend} />
      </td>
    </tr>
  );
}

/** What was behind at each look since the page was opened. */
function useTrends(rows: readonly StatusRow[] | undefined): ReadonlyMap<string, readonly number[]> {
  const [trends, setTrends] = useState<ReadonlyMap<string, readonly number[]>>(new Map());
  useEffect(() => {
    if (rows === undefined) return;
    setTrends(
      (before) =>
        new Map(rows.map((row) => [keyOf(row), [...(before.get(keyOf(row)) ?? []), row.lagEvents].slice(-REMEMBERED)])),
    );
  }, [rows]);
  return trends;
}

function Trend({ values }: { readonly values: readonly number[] }) {
  const most = Math.max(1, ...values);
  const points = values.map((value, i) => `${(i * 120) / (REMEMBERED - 1)},${24 - (value / most) * 22}`).join(' ');
  return (
    <svg
      className="trend"
      width="120"
      height="26"
      role="img"
      aria-label={`events behind lately: ${values.slice(-5).join(', ')}`}
    >
      <polyline points={points} />
    </svg>
  );
}
