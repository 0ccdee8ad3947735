import type { ReactNode } from 'react';
import { chosen } from '../url/place.ts';
import { Link } from '../url/Link.tsx';
import { usePlace } from '../url/usePlace.ts';

/** Opens an event beside the view: what it is named here, and its sequence. */
export function EventLink({ sequence, children }: { readonly sequence: number; readonly children?: ReactNode }) {
  const place = usePlace();
  return (
    <Link to={chosen(place, { event: String(sequence), why: undefined, by: undefined })}>
      {children} <span className="mono small">#{sequence}</span>
    </Link>
  );
}

/** The events of a list, as links. */
export function EventList({ events }: { readonly events: readonly number[] }) {
  return (
    <>
      {events.map((sequence) => (
        <span key={sequence}>
          <EventLink sequence={sequence} />{' '}
        </span>
      ))}
    </>
  );
}
