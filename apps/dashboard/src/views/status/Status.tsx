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
  const looks = useLooks(data?.rows);
  return (
    <div className="view">
      <header>
        <div>
          <h1>Is anything behind?</h1>
          <p className="soft small">
            About now, whatever the bar of time says, and asked every two seconds. The small lines are the last{' '}
            {REMEMBERED} answers since this view was opened.
          </p>
        </div>
      </header>
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      {data === undefined ? (
        error === null && <Loading what="the status" />
      ) : data.rows.length === 0 ? (
        <Empty title="Nothing follows a ledger yet" />
      ) : (
        <TablePanel label="Consumers">
          <Heads names={['Consumer', 'Ledger', 'State', '#Event', '#Behind, events', '#Behind, seconds']} />
          <tbody>
            {data.rows.map((row) => (
              <Row key={keyOf(row)} row={row} looks={looks.get(keyOf(row)) ?? []} />
            ))}
          </tbody>
        </TablePanel>
      )}
    </div>
  );
}

const keyOf = ({ consumer, ledger, version }: StatusRow): string => `${consumer} ${ledger} ${version ?? ''}`;

function Row({ row, looks }: { readonly row: StatusRow; readonly looks: readonly Look[] }) {
  const isStill = row.state === 'hole' || row.state === 'parked';
  return (
    <tr>
      <th scope="row">
        {row.consumer}
        {row.version !== null && <span className="soft small"> read models, version {row.version}</span>}
        {row.consumer.startsWith('signer') && <span className="soft small"> of checkpoints</span>}
      </th>
      <td>{row.ledger}</td>
      <td>
        <span className={`tag ${isStill ? 'bad' : row.state === 'live' ? 'good' : ''}`}>{stateText[row.state]}</span>
        {row.since !== undefined && (
          <div className="small">
            since {moment(row.since)} ({ago(Date.now() - Date.parse(row.since))})
          </div>
        )}
        {row.reason !== undefined && <div className="small prose">{row.reason}</div>}
        {row.advice !== undefined && (
          <div className="small">
            <strong>What to do:</strong> {row.advice}
          </div>
        )}
      </td>
      <td className="number">
        {units(row.sequence)} <span className="soft">of {units(row.head)}</span>
      </td>
      <td className="number">
        {units(row.lagEvents)}
        <Trend what="events behind" values={looks.map(({ events }) => events)} />
      </td>
      <td className="number">
        {row.lagSeconds.toFixed(1)}
        <Trend what="seconds behind" values={looks.map(({ seconds }) => seconds)} />
      </td>
    </tr>
  );
}

interface Look {
  readonly events: number;
  readonly seconds: number;
}

/** How far behind each was at every look since the page was opened. */
function useLooks(rows: readonly StatusRow[] | undefined): ReadonlyMap<string, readonly Look[]> {
  const [looks, setLooks] = useState<ReadonlyMap<string, readonly Look[]>>(new Map());
  useEffect(() => {
    if (rows === undefined) return;
    setLooks((before) => new Map(rows.map((row) => [keyOf(row), seen(before.get(keyOf(row)), row)])));
  }, [rows]);
  return looks;
}

const seen = (before: readonly Look[] = [], { lagEvents, lagSeconds }: StatusRow): readonly Look[] =>
  [...before, { events: lagEvents, seconds: Math.round(lagSeconds * 10) / 10 }].slice(-REMEMBERED);

function Trend({ what, values }: { readonly what: string; readonly values: readonly number[] }) {
  const most = Math.max(...values, 0);
  const points = values.map((value, i) => `${(i * 96) / (REMEMBERED - 1)},${20 - (value / Math.max(1, most)) * 18}`);
  return (
    <svg
      className="trend"
      width="96"
      height="22"
      role="img"
      aria-label={`${what}, at the last looks: ${values.slice(-5).join(', ')}; at most ${most}`}
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
