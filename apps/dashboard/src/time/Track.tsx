import { type KeyboardEvent, memo, useMemo, useSyncExternalStore } from 'react';
import { asOf, day, eventName, moment, plural, units } from '../format.ts';
import { adjust, usePlace } from '../url/usePlace.ts';
import { beginning, fractionOf, gathered, labelsOf, momentAt, neighbour, type Scale, type Tick } from './scale.ts';
import { useDrag } from './useDrag.ts';

const TICK_PLACES = 400;
const PASSED = 'passed';
/** A tick at the handle has happened. */
const ON_HANDLE = 0.0005;
const [LABELS, FEW_LABELS] = [9, 4];
const NARROW = window.matchMedia('(max-width: 40rem)');

interface TrackProps {
  readonly ticks: readonly Tick[];
  /** So many events have one tick. */
  readonly every: number;
  /** What is stepped to; undefined while it is not known. */
  readonly steps: readonly Tick[] | undefined;
  readonly scale: Scale;
  readonly onTouch: () => void;
  readonly onHold: (isHeld: boolean) => void;
}

function onNarrow(listener: () => void): () => void {
  NARROW.addEventListener('change', listener);
  return () => {
    NARROW.removeEventListener('change', listener);
  };
}

/** When it was true: the events are ticks, and what has not happened yet at the handle is faint. */
export function Track({ ticks, every, steps, scale, onTouch, onHold }: TrackProps) {
  const place = usePlace();
  const at = place.at === undefined ? 1 : fractionOf(scale, place.at);
  const narrow = useSyncExternalStore(onNarrow, () => NARROW.matches);
  const marks = useMemo(() => gathered(ticks, scale, TICK_PLACES), [ticks, scale]);
  const labels = useMemo(() => labelsOf(scale, narrow ? FEW_LABELS : LABELS), [scale, narrow]);
  const track = useDrag((fraction) => {
    onTouch();
    adjust({ ...place, at: momentAt(scale, fraction) });
  }, onHold);
  const onKeyDown = (event: KeyboardEvent) => {
    const to = afterKey(event.key, { ticks, steps, at: place.at, scale });
    if (to === false) return;
    event.preventDefault();
    onTouch();
    adjust({ ...place, at: to });
  };
  return (
    <div
      className="track"
      role="slider"
      tabIndex={0}
      aria-label="When it was true"
      aria-valuemin={0}
      aria-valuemax={1000}
      aria-valuenow={Math.round(at * 1000)}
      aria-valuetext={place.at === undefined ? 'now' : asOf(place.at)}
      onKeyDown={onKeyDown}
      {...track}
    >
      <svg aria-hidden="true" preserveAspectRatio="none">
        <linearGradient id={PASSED} gradientUnits="userSpaceOnUse" x1="0%" x2="100%" y1="0" y2="0">
          <stop className="is-passed" offset={at + ON_HANDLE} />
          <stop className="is-to-come" offset={at + ON_HANDLE} />
        </linearGradient>
        <line className="axis" x1="0%" x2="100%" y1="24" y2="24" />
        <line className="passed" x1="0%" x2={`${at * 100}%`} y1="24" y2="24" />
        <Marks marks={marks} every={every} />
      </svg>
      <span className="handle" style={{ left: `${at * 100}%` }} />
      <span className="labels" aria-hidden="true">
        {labels.map((label) => (
          <span key={label.text + String(label.at)} style={{ left: `${label.at * 100}%` }}>
            {label.text}
          </span>
        ))}
      </span>
    </div>
  );
}

/** Drawn anew with the events alone: there may be four hundred, and the handle moves sixty times a second. What it has passed, a gradient says. */
const Marks = memo(function Marks({ marks, every }: MarksProps) {
  return (
    <g stroke={`url(#${PASSED})`}>
      {marks.map(({ at, ticks }) => (
        <line
          key={at}
          className="tick"
          x1={`${at * 100}%`}
          x2={`${at * 100}%`}
          y1={24 - Math.min(18, 8 + ticks.length * every * 2)}
          y2={24}
        >
          <title>{titleOf(ticks, every)}</title>
        </line>
      ))}
    </g>
  );
});

interface MarksProps {
  readonly marks: ReturnType<typeof gathered>;
  readonly every: number;
}

function titleOf(ticks: readonly Tick[], every: number): string {
  const [first] = ticks;
  if (first === undefined) return '';
  if (every > 1)
    return `${day(first.occurred)}: ${plural(ticks.length, 'tick')}, each for up to ${units(every)} events`;
  return ticks.length === 1
    ? `${moment(first.occurred)}: ${eventName(first.type)}, ${first.subject} (#${first.sequence})`
    : `${day(first.occurred)}: ${plural(ticks.length, 'event')}`;
}

interface Standing extends Pick<TrackProps, 'ticks' | 'steps' | 'scale'> {
  readonly at: string | undefined;
}

/** @returns false for a key that means nothing here; undefined is now */
function afterKey(key: string, { ticks, steps, at, scale }: Standing): string | undefined | false {
  // Whoever is faster than the events come stays: no event is passed over.
  if (key === 'ArrowRight' || key === 'ArrowUp') return steps === undefined ? at : neighbour(steps, at, 1);
  if (key === 'ArrowLeft' || key === 'ArrowDown') return steps === undefined ? at : neighbour(steps, at, -1);
  if (key === 'Home') return neighbour(ticks, beginning(scale), 1);
  if (key === 'End') return undefined;
  const tenth = key === 'PageUp' ? 0.1 : key === 'PageDown' ? -0.1 : 0;
  if (tenth === 0) return false;
  return momentAt(scale, (at === undefined ? 1 : fractionOf(scale, at)) + tenth);
}
