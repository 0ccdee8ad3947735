import type { ReactNode } from 'react';
import { addressOf, type Place } from './place.ts';
import { go } from './usePlace.ts';

interface Props {
  readonly to: Place;
  readonly children: ReactNode;
  readonly current?: boolean;
  readonly className?: string;
}

/** A link to a place of the dashboard: it has an address, to be copied or opened beside, and loads nothing when it is followed. */
export function Link({ to, children, current = false, className }: Props) {
  return (
    <a
      href={addressOf(to)}
      className={className}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
