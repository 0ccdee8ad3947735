import { useQuery } from '@tanstack/react-query';
import { request } from '../api/client.ts';
import { ledgerPath } from '../api/paths.ts';
import { eventName, moment } from '../format.ts';
import { Drawer } from '../ui/Drawer.tsx';
import { Loading, Trouble } from '../ui/parts.tsx';
import { Link } from '../url/Link.tsx';
import { chosen, viewed } from '../url/place.ts';
import { go, usePlace } from '../url/usePlace.ts';
import { isDecision } from '../views/desk/decision.ts';
import { Proof } from '../verify/Proof.tsx';
import { AboutTheSame } from './AboutTheSame.tsx';
import { Accounts } from './Accounts.tsx';
import { Moves } from './Moves.tsx';
import { movesOf } from './moves.ts';

interface Event {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly source: string;
  readonly actor: string;
  readonly time: string;
  readonly recordedtime: string;
  readonly correlationid?: string;
  readonly causationid?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One event: what it books, the accounts before and after it, and its exact bytes. */
export function EventDrawer({ sequence }: { readonly sequence: number }) {
  const place = usePlace();
  const { ledger = '' } = place;
  const { data, error, refetch } = useQuery({
    queryKey: [ledger, 'event', sequence],
    queryFn: async ({ signal }) => {
      const answer = await request(`${ledgerPath(ledger)}/events/${sequence}`, { signal });
      return answer.text();
    },
    staleTime: Infinity,
  });
  const close = () => {
    go(chosen(place, { event: undefined }));
  };
  const event = data === undefined ? undefined : (JSON.parse(data) as Event);
  return (
    <Drawer title={event === undefined ? `Event ${sequence}` : `${eventName(event.type)} #${sequence}`} onClose={close}>
      {error !== null && <Trouble error={error} again={() => void refetch()} />}
      {event === undefined || data === undefined ? (
        error === null && <Loading what="the event" />
      ) : (
        <Told event={event} text={data} sequence={sequence} />
      )}
    </Drawer>
  );
}

function Told({ event, text, sequence }: { readonly event: Event; readonly text: string; readonly sequence: number }) {
  const place = usePlace();
  const { reason, note, authorisedBy } = event.data;
  const facts: readonly (readonly [string, unknown])[] = [
    ['About', event.subject],
    ['Happened', moment(event.time)],
    ['Recorded', moment(event.recordedtime)],
    ['Submitted by the key', event.actor],
    ['From', event.source],
    ['Id', event.id],
    ['Caused by', event.causationid],
    ['Belongs to', event.correlationid],
    ['Authorised by', authorisedBy],
    ['Reason', reason],
    ['Note', note],
  ];
  return (
    <>
      <dl className="facts">
        {facts.map(([name, value]) =>
          typeof value !== 'string' ? null : (
            <div key={name} className={value.length > 60 ? 'long-fact' : undefined}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      <p className="drawer-note drawer-links no-print">
        <Link className="button" to={{ ...place, at: undefined, known: sequence }}>
          Show everything as it was known then
        </Link>
        {isDecision(event.type) && (
          <Link
            className="button"
            to={viewed({ ...place, at: undefined, known: undefined }, 'desk', { decision: String(sequence) })}
          >
            The decision as it looked
          </Link>
        )}
      </p>
      <Moves moves={movesOf(event.data)} title="What it moved" sequence={sequence} />
      <Accounts sequence={sequence} />
      <AboutTheSame event={event} sequence={sequence} />
      <Proof sequence={sequence} text={text} />
      <details className="bytes">
        <summary>The event as it is kept</summary>
        <pre tabIndex={0} className="mono small">
          {JSON.stringify(JSON.parse(text), null, 2)}
        </pre>
      </details>
      <details className="bytes">
        <summary>Its exact bytes, which are hashed and signed</summary>
        <pre tabIndex={0} className="mono small exact">
          {text}
        </pre>
      </details>
    </>
  );
}
