import { lazy, Suspense } from 'react';
import { TimeBar } from '../time/TimeBar.tsx';
import { useTicks } from '../time/useTicks.ts';
import { Loading } from '../ui/parts.tsx';
import { usePlace } from '../url/usePlace.ts';
import { Why } from '../why/Why.tsx';
import { subjectOf } from '../why/subject.ts';

/** Each view is loaded when it is opened. */
const shown = {
  holdings: lazy(() => import('./holdings/Holdings.tsx').then(({ Holdings }) => ({ default: Holdings }))),
  flags: lazy(() => import('./flags/Flags.tsx').then(({ Flags }) => ({ default: Flags }))),
};

export function Views() {
  const place = usePlace();
  const ticks = useTicks();
  const View = shown[place.view];
  const subject = subjectOf(place.choices.why);
  return (
    <>
      <TimeBar ticks={ticks} />
      <Suspense fallback={<Loading what="the view" />}>
        <View />
      </Suspense>
      {subject !== undefined && <Why subject={subject} />}
    </>
  );
}
