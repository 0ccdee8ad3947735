import type { ActivityRow } from '#contracts/activityRows';
import { useLive } from '../api/live.ts';
import { useAsk } from '../api/useAsk.ts';
import { eventName, plural } from '../format.ts';
import { adjust, usePlace } from '../url/usePlace.ts';
import { useDrag } from './useDrag.ts';

/** What was known: each event is a step, in the order in which the ledger was told. */
export function KnownTrack() {
  const place = usePlace();
  const { head } = useLive();
  const known = place.known ?? head;
  const { rows, isStale } = useAsk<ActivityRow>(
    'activity',
    {},
    { most: 1, moment: { known }, enabled: place.known !== undefined },
  );
  const told = isStale ? undefined : rows?.find(({ sequence }) => sequence === known);
  const track = useDrag((fraction) => {
    const sequence = Math.round(fraction * head);
    adjust({ ...place, known: sequence >= head ? undefined : sequence, choices: { ...place.choices, bars: 'both' } });
  });
  const step = (by: number) => {
    const sequence = Math.min(head, Math.max(0, known + by));
    adjust({ ...place, known: sequence >= head ? undefined : sequence, choices: { ...place.choices, bars: 'both' } });
  };
  return (
    <div className="known">
      <p className="small">
        Known: <strong>{place.known === undefined ? 'everything' : `the first ${plural(place.known, 'event')}`}</strong>
        {place.known !== undefined && told !== undefined && (
          <span className="soft">
            {' '}
            up to {eventName(told.type).toLowerCase()}, {told.subject}
          </span>
        )}
      </p>
      <div
        className="track thin"
        role="slider"
        tabIndex={0}
        aria-label="What was known"
        aria-valuemin={0}
        aria-valuemax={head}
        aria-valuenow={known}
        aria-valuetext={place.known === undefined ? 'everything' : `the first ${plural(place.known, 'event')}`}
        onKeyDown={(event) => {
          const tenth = Math.ceil(head / 10);
          const far = { PageUp: tenth, PageDown: -tenth, Home: -head, End: head };
          const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, ...far }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          step(by);
        }}
        {...track}
      >
        <svg aria-hidden="true">
          <line className="axis" x1="0%" x2="100%" y1="10" y2="10" />
          <line className="passed" x1="0%" x2={`${(known / Math.max(1, head)) * 100}%`} y1="10" y2="10" />
        </svg>
        <span className="handle" style={{ left: `${(known / Math.max(1, head)) * 100}%` }} />
      </div>
    </div>
  );
}
