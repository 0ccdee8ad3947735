import { day, units } from '../../format.ts';
import { labelsOf, type Scale } from '../../time/scale.ts';
import { type DeliveryLine, inWords, type Mark } from './delivery.ts';

const DAY_MS = 86_400_000;
const LABELS = 6;
/** So many marks are written out beneath a timeline; the others stand behind a click. All of them are drawn. */
const WRITTEN = 4;

/** From the first day that a line has to do with, to the last. */
export function scaleOf(lines: readonly DeliveryLine[]): Scale {
  let [from, to] = [Infinity, -Infinity];
  for (const { line, marks } of lines) {
    const { window, due, dueFirst, promised } = line;
    const days = [window.from, window.to, due, dueFirst, promised?.window?.from, promised?.window?.to];
    for (const text of [...days, ...marks.map((mark) => mark.day)]) {
      if (text === undefined) continue;
      const time = Date.parse(text);
      [from, to] = [Math.min(from, time), Math.max(to, time + DAY_MS)];
    }
  }
  const room = (to - from) * 0.03;
  return { from: from - room, to: to + room };
}

/** In percent; what is beyond stands at the end. */
const placeOf = ({ from, to }: Scale, time: number): number =>
  Math.min(100, Math.max(0, ((time - from) / (to - from)) * 100));

/** The beginning of a day, and its end. */
const begins = (scale: Scale, text: string): number => placeOf(scale, Date.parse(text));
const ends = (scale: Scale, text: string): number => placeOf(scale, Date.parse(text) + DAY_MS);

/** What stands where, for all timelines of a table. */
export function Axis({ scale }: { readonly scale: Scale }) {
  return (
    <svg className="timeline axis" aria-hidden="true">
      {labelsOf(scale, LABELS).map(({ at, text }) => (
        <text key={at} x={`${at * 100}%`} y="11">
          {text}
        </text>
      ))}
    </svg>
  );
}

const SHAPES: Readonly<Record<Mark['kind'], string>> = {
  sent: 'M0 0l5 8h-10z',
  expected: 'M-4 4a4 4 0 1 0 8 0a4 4 0 1 0 -8 0',
  arrived: 'M-4 4a4 4 0 1 0 8 0a4 4 0 1 0 -8 0',
};
const KINDS = ['sent', 'expected', 'arrived'] as const;

const Shape = ({ kind }: { readonly kind: Mark['kind'] }) => <path className={kind} d={SHAPES[kind]} />;

/** What the shapes of a timeline mean. */
export function Legend({ scale, today }: Pick<Props, 'scale' | 'today'>) {
  const time = Date.parse(today);
  return (
    <p className="legend small soft">
      {(['ordered', 'confirmed', 'late'] as const).map((name) => (
        <span key={name}>
          <svg className="timeline" aria-hidden="true">
            <rect className={name} x="0" y="2" width="100%" height="8" />
          </svg>
          {name === 'late' ? 'late' : `window as ${name}`}
        </span>
      ))}
      {KINDS.map((kind) => (
        <span key={kind}>
          <svg className="timeline" aria-hidden="true">
            <svg x="50%" y="2">
              <Shape kind={kind} />
            </svg>
          </svg>
          {kind}
        </span>
      ))}
      <span>
        <svg className="timeline" aria-hidden="true">
          <line className="today" x1="50%" x2="50%" y1="0" y2="12" />
        </svg>
        the day that is looked at{(time < scale.from || time > scale.to) && ', which is beyond the axis'}
      </span>
    </p>
  );
}

interface Props {
  readonly row: DeliveryLine;
  readonly scale: Scale;
  /** The day that is looked at, `2023-12-31`. */
  readonly today: string;
}

/** When a line was ordered for, confirmed for, sent and received: drawn, and in words. */
export function Timeline({ row: { line, isLate, lateUntil, marks }, scale, today }: Props) {
  const { window, due, dueFirst, promised } = line;
  return (
    <td className="on-timeline">
      <svg className="timeline" aria-hidden="true">
        {labelsOf(scale, LABELS).map(({ at }) => (
          <line key={at} className="grid" x1={`${at * 100}%`} x2={`${at * 100}%`} y1="0" y2="36" />
        ))}
        <Span kind="ordered" y={3} from={begins(scale, window.from)} to={ends(scale, window.to)} />
        {promised?.window != null && (
          <Span
            kind={promised.stands ? 'confirmed' : 'confirmed past'}
            y={13}
            from={begins(scale, promised.window.from)}
            to={ends(scale, promised.window.to)}
          />
        )}
        {lateUntil !== undefined && <Span kind="late" y={23} from={ends(scale, due)} to={begins(scale, lateUntil)} />}
        {marks.map((mark) => (
          <svg key={`${mark.kind} ${mark.day} ${mark.shipment}`} x={`${begins(scale, mark.day)}%`} y="26">
            <title>{inWords(mark)}</title>
            <Shape kind={mark.kind} />
          </svg>
        ))}
        <line className="today" x1={`${begins(scale, today)}%`} x2={`${begins(scale, today)}%`} y1="0" y2="36" />
      </svg>
      <span className="small">
        {day(window.from)} to {day(window.to)}
      </span>{' '}
      {lateUntil !== undefined && <span className="tag bad">{isLate ? 'late' : 'came late'}</span>}
      <ul className="soft small">
        {dueFirst !== undefined && <li>first ordered for {day(dueFirst)}</li>}
        {promised !== null && (
          <li>
            confirmed: {promised.code}, {units(promised.quantity)}
            {promised.window !== null && ` by ${day(promised.window.to)}`}
            {!promised.stands && ', before its window was changed'}
          </li>
        )}
        <Marks marks={marks.slice(-WRITTEN)} />
      </ul>
      {marks.length > WRITTEN && (
        <details className="soft small">
          <summary>and {units(marks.length - WRITTEN)} before</summary>
          <ul>
            <Marks marks={marks.slice(0, -WRITTEN)} />
          </ul>
        </details>
      )}
    </td>
  );
}

const Marks = ({ marks }: { readonly marks: readonly Mark[] }) =>
  marks.map((mark) => <li key={`${mark.kind} ${mark.day} ${mark.shipment}`}>{inWords(mark)}</li>);

interface SpanProps {
  readonly kind: string;
  readonly y: number;
  readonly from: number;
  readonly to: number;
}

const Span = ({ kind, y, from, to }: SpanProps) => (
  <rect className={kind} x={`${from}%`} width={`${Math.max(0, to - from)}%`} y={y} height="7" />
);
