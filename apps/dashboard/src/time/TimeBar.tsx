import { useEffect, useMemo, useState } from 'react';
import { useLive } from '../api/live.ts';
import { asOf, eventName } from '../format.ts';
import { Term } from '../ui/parts.tsx';
import type { Place } from '../url/place.ts';
import { adjust, go, usePlace } from '../url/usePlace.ts';
import { KnownTrack } from './KnownTrack.tsx';
import { beginning, lastBy, neighbour, scaleOf, type Tick } from './scale.ts';
import { Track } from './Track.tsx';
import { useNear, type useTicks } from './useTicks.ts';
import './timeBar.css';

const STEP_MS = 900;

/** As of: when it was true, and what was known. It rules every view, and lives in the address. */
export function TimeBar({ ticks, every }: ReturnType<typeof useTicks>) {
  const place = usePlace();
  const scale = useMemo(() => scaleOf(ticks), [ticks]);
  const [isHeld, setIsHeld] = useState(false);
  const { near, isThere } = useNear({ ticks, every }, isHeld);
  const { playing, setPlaying } = usePlaying(place, isThere ? near : undefined);
  const { head } = useLive();
  const showsKnown = place.known !== undefined || place.choices.bars === 'both';
  // The first event is that the ledger was opened, which is no tick.
  if (scale === undefined) return head > 1 ? <div className="time-bar waiting no-print" /> : null;
  const stop = () => {
    setPlaying(false);
  };
  const play = () => {
    // From the end it begins again.
    if (!playing && place.at === undefined) adjust({ ...place, at: neighbour(ticks, beginning(scale), 1) });
    setPlaying(!playing);
  };
  return (
    <section className="time-bar no-print" aria-label="As of">
      <div className="said">
        <Said last={isThere ? lastBy(near, place.at) : undefined} at={place.at} />
        <div className="steps">
          <Step text="Event before" mark="‹" to={() => neighbour(near, place.at, -1)} disabled={!isThere} />
          <button type="button" className="button" onClick={play}>
            {playing ? 'Pause' : 'Play'}
          </button>
          <Step
            text="Event after"
            mark="›"
            to={() => neighbour(near, place.at, 1)}
            disabled={place.at === undefined || !isThere}
          />
          <button
            type="button"
            className="button"
            disabled={place.at === undefined}
            onClick={() => {
              stop();
              go({ ...place, at: undefined });
            }}
          >
            Now
          </button>
          <KnownToggle shown={showsKnown} />
        </div>
      </div>
      <Track
        ticks={ticks}
        every={every}
        steps={isThere ? near : undefined}
        scale={scale}
        onTouch={stop}
        onHold={setIsHeld}
      />
      {showsKnown && <KnownTrack />}
    </section>
  );
}

/** Tells the story: one event after another, until the last; while it is not known which is the next it waits. */
function usePlaying(place: Place, ticks: readonly Tick[] | undefined) {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing || ticks === undefined) return;
    const timer = setTimeout(() => {
      const next = neighbour(ticks, place.at, 1);
      if (next === undefined) setPlaying(false);
      adjust({ ...place, at: next });
    }, STEP_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [playing, place, ticks]);
  return { playing, setPlaying };
}

function Said({ last, at }: { readonly last: Tick | undefined; readonly at: string | undefined }) {
  return (
    <p>
      <span className="soft">As of</span> <strong>{at === undefined ? 'now' : asOf(at)}</strong>
      {last !== undefined && (
        <span className="soft last">
          {eventName(last.type)} <span className="mono">#{last.sequence}</span>
        </span>
      )}
    </p>
  );
}

interface StepProps {
  readonly text: string;
  readonly mark: string;
  readonly to: () => string | undefined;
  readonly disabled: boolean;
}

function Step({ text, mark, to, disabled }: StepProps) {
  const place = usePlace();
  return (
    <button
      type="button"
      className="button"
      aria-label={text}
      title={text}
      disabled={disabled}
      onClick={() => {
        adjust({ ...place, at: to() });
      }}
    >
      {mark}
    </button>
  );
}

function KnownToggle({ shown }: { readonly shown: boolean }) {
  const place = usePlace();
  return (
    <label className="known-toggle">
      <input
        type="checkbox"
        checked={shown}
        onChange={(event) => {
          const bars = event.target.checked ? 'both' : undefined;
          go({ ...place, known: undefined, choices: { ...place.choices, bars } });
        }}
      />
      <Term word="known">As it was known</Term>
    </label>
  );
}
