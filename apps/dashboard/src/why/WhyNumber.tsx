import { units } from '../format.ts';
import { chosen } from '../url/place.ts';
import { go, placeNow, useChoice } from '../url/usePlace.ts';
import { type Subject, subjectText } from './subject.ts';

interface Props {
  readonly count: number;
  readonly subject: Subject;
  /** What it counts, for those who do not see the table around it. */
  readonly what: string;
}

/** A number that opens what is behind it. */
export function WhyNumber({ count, subject, what }: Props) {
  const text = subjectText(subject);
  const isOpen = useChoice('why') === text;
  const shown = units(count);
  if (count === 0) return <span className="none">·</span>;
  return (
    <button
      type="button"
      className="why"
      aria-label={`${shown}: ${what}. Why?`}
      aria-expanded={isOpen}
      onClick={() => {
        go(chosen(placeNow(), { why: isOpen ? undefined : text }));
      }}
    >
      {shown}
    </button>
  );
}
