import { EventLink } from './EventLink.tsx';

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
