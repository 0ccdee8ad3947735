import type { ActivityRow } from '#contracts/activityRows';
import { useQuery } from '@tanstack/react-query';
import { askRows } from '../api/client.ts';
import { ledgerPath } from '../api/paths.ts';
import { useLive } from '../api/live.ts';
import { day, eventName } from '../format.ts';
import { usePlace } from '../url/usePlace.ts';
import { EventLink } from './EventLink.tsx';

const MOST = 50;

interface Props {
  readonly event: { readonly subject: string; readonly causationid?: string };
  readonly sequence: number;
}

/** What else happened to what it is about, in order; what it takes back, what took it back, and what caused it. */
export function AboutTheSame({ event: { subject, causationid }, sequence }: Props) {
  const { ledger = '' } = usePlace();
  const { head } = useLive();
  const { data } = useQuery({
    queryKey: [ledger, 'about', subject, head],
    queryFn: ({ signal }) =>
      askRows<ActivityRow>(`${ledgerPath(ledger)}/activity`, { subject, 'min-sequence': head }, signal, MOST),
    placeholderData: (before) => before,
    staleTime: Infinity,
  });
  const rows = [...(data?.rows ?? [])].sort((a, b) => a.sequence - b.sequence);
  const own = rows.find((row) => row.sequence === sequence);
  if (rows.length < 2 && own?.voids == null && own?.voidedBy == null) return null;
  return (
    <section>
      <h3>What else happened to {subject}</h3>
      {own?.voidedBy != null && (
        <p className="drawer-note">
          <EventLink sequence={own.voidedBy}>This event was taken back by</EventLink>
        </p>
      )}
      {own?.voids != null && (
        <p className="drawer-note">
          <EventLink sequence={own.voids}>This event takes back</EventLink>
        </p>
      )}
      <ol className="same">
        {rows.map((row) => (
          <li key={row.sequence} aria-current={row.sequence === sequence ? 'true' : undefined}>
            {row.sequence === sequence ? (
              <strong>
                {eventName(row.type)} <span className="mono small">#{row.sequence}</span>
              </strong>
            ) : (
              <EventLink sequence={row.sequence}>{eventName(row.type)}</EventLink>
            )}{' '}
            <span className="soft small">{day(row.occurred)}</span>{' '}
            {row.id === causationid && <span className="tag">caused this one</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
