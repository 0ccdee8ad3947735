import { lazy, Suspense } from 'react';
import { TimeBar } from '../time/TimeBar.tsx';
import { useTicks } from '../time/useTicks.ts';
import { Boundary } from '../ui/Boundary.tsx';
import { Loading } from '../ui/parts.tsx';
import { usePlace } from '../url/usePlace.ts';
import { subjectOf } from '../why/subject.ts';
import { Holdings } from './holdings/Holdings.tsx';

/** Each view is loaded when it is opened, but for the first: a page that comes in pieces shows nothing until the last of them is there. */
const shown = {
  holdings: Holdings,
  delivery: lazy(() => import('./delivery/Delivery.tsx').then(({ Delivery }) => ({ default: Delivery }))),
  swaps: lazy(() => import('./swaps/Swaps.tsx').then(({ Swaps }) => ({ default: Swaps }))),
  shipments: lazy(() => import('./shipments/Shipments.tsx').then(({ Shipments }) => ({ default: Shipments }))),
  events: lazy(() => import('./events/Events.tsx').then(({ Events }) => ({ default: Events }))),
  flags: lazy(() => import('./flags/Flags.tsx').then(({ Flags }) => ({ default: Flags }))),
  desk: lazy(() => import('./desk/Desk.tsx').then(({ Desk }) => ({ default: Desk }))),
  status: lazy(() => import('./status/Status.tsx').then(({ Status }) => ({ default: Status }))),
};
const EventDrawer = lazy(() =>
  import('../event/EventDrawer.tsx').then(({ EventDrawer }) => ({ default: EventDrawer })),
);
const Why = lazy(() => import('../why/Why.tsx').then(({ Why }) => ({ default: Why })));

export function Views() {
  const place = usePlace();
  const ticks = useTicks();
  const View = shown[place.view];
  const event = Number(/^\d{1,15}$/.exec(place.choices.event ?? '')?.[0] ?? 0);
  const subject = subjectOf(place.choices.why);
  return (
    <>
      <TimeBar {...ticks} />
      <Boundary key={place.view}>
        <Suspense fallback={<Loading what="the view" />}>
          <View />
        </Suspense>
      </Boundary>
      <Boundary key={`beside ${event} ${place.choices.why ?? ''}`}>
        <Suspense fallback={null}>
          {event > 0 ? <EventDrawer sequence={event} /> : subject !== undefined && <Why subject={subject} />}
        </Suspense>
      </Boundary>
    </>
  );
}
