import { type MouseEvent, useMemo } from 'react';
import { moment, units } from '../format.ts';
import { fractionOf, labelsOf, momentAt, type Scale, scaleOf } from '../time/scale.ts';
import { useTicks } from '../time/useTicks.ts';
import { ChartFrame } from '../ui/ChartFrame.tsx';
import { Heads, SaveRows, ScrollTable } from '../ui/View.tsx';
import { adjust, usePlace } from '../url/usePlace.ts';
import { lineOf, rowsOf, type Series, unitLines, valueAt } from './steps.ts';
import './stepChart.css';

const MOST_ROWS = 500;
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [1000, 380, 92, 170, 14, 30];

interface Props {
  readonly series: readonly Series[];
  readonly sequence: number | undefined;
  /** `holdings over time`: its name, and that of its files. */
  readonly what: string;
}

/** What each party had, from its first units on. The bar of time is a line in it, and a click on it moves the bar. */
export function StepChart({ series, sequence, what }: Props) {
  const { ticks } = useTicks();
  const { scale, x, y, lines, labels } = useMemo(() => axesOf(series, scaleOf(ticks)), [series, ticks]);
  const place = usePlace();
  const here = place.at === undefined ? WIDTH - RIGHT : LEFT + fractionOf(scale, place.at) * (WIDTH - LEFT - RIGHT);
  const time =
    place.at === undefined ? Infinity : scale.from + ((here - LEFT) / (WIDTH - LEFT - RIGHT)) * (scale.to - scale.from);
  return (
    <>
      <ChartFrame label={`Chart of ${what}`} what={what} sequence={sequence}>
        <svg
          className="over-time"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          role="img"
          aria-label={`Chart of ${what}; the table below has the same values`}
          onClick={(event) => {
            const at = (placeIn(event) - LEFT) / (WIDTH - LEFT - RIGHT);
            adjust({ ...place, at: momentAt(scale, Math.min(1, Math.max(0, at))) });
          }}
        >
          {lines.map((line) => (
            <g key={line} className={line === 0 ? 'grid zero' : 'grid'}>
              <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(line)} y2={y(line)} />
              <text x={LEFT - 8} y={y(line) + 4} textAnchor="end">
                {units(line)}
              </text>
            </g>
          ))}
          {labels.map(({ at, text }) => (
            <text key={text + String(at)} className="label" x={LEFT + at * (WIDTH - LEFT - RIGHT)} y={HEIGHT - 8}>
              {text}
            </text>
          ))}
          {/* The first is the widest: a line that lies on another hides none. */}
          {series.map(({ party, steps }, i) => (
            <path
              key={party}
              className={`line of-${i}`}
              strokeWidth={2 + 2.5 * (series.length - 1 - i)}
              d={lineOf(steps, { x, y, end: WIDTH - RIGHT })}
            />
          ))}
          <line className="now" x1={here} x2={here} y1={TOP} y2={HEIGHT - BOTTOM} />
          <Names series={series} time={time} y={y} />
        </svg>
      </ChartFrame>
      <AsRows series={series} sequence={sequence} what={what} />
    </>
  );
}

/** Where in the drawing it was clicked: there is an edge around it, and room on both sides where it is higher than wide. */
function placeIn({ currentTarget, clientX, clientY }: MouseEvent<SVGSVGElement>): number {
  const toDrawing = currentTarget.getScreenCTM()?.inverse();
  return new DOMPoint(clientX, clientY).matrixTransform(toDrawing).x;
}

/** Beside the lines, in the order in which they end, and none on another. */
function Names({
  series,
  time,
  y,
}: {
  readonly series: readonly Series[];
  readonly time: number;
  readonly y: (units: number) => number;
}) {
  const named = series
    .map(({ party, name, steps }, i) => ({ party, name, i, value: valueAt(steps, time) }))
    .sort((a, b) => b.value - a.value);
  let last = -Infinity;
  return named.map(({ party, name, i, value }) => {
    last = Math.min(Math.max(y(value) + 4, last + 32), HEIGHT - BOTTOM - (named.length - 1) * 2);
    return (
      <text key={party} className="name" x={WIDTH - RIGHT + 24} y={last}>
        <tspan className={`of-${i}`}>■ </tspan>
        {name}
        <tspan className="count" x={WIDTH - RIGHT + 41} dy={15}>
          {units(value)}
        </tspan>
      </text>
    );
  });
}

/** As long as the bar of time, so that a moment stands in both at one place. */
function axesOf(series: readonly Series[], bar: Scale | undefined) {
  const times = series.flatMap(({ steps }) => steps.map(({ moment: at }) => Date.parse(at)));
  const scale: Scale = {
    from: times.reduce((a, b) => Math.min(a, b), bar?.from ?? Infinity),
    to: times.reduce((a, b) => Math.max(a, b), bar?.to ?? -Infinity),
  };
  const lines = unitLines(series);
  const [low = 0, high = 1] = [lines[0], lines.at(-1)];
  const x = (at: string) => LEFT + fractionOf(scale, at) * (WIDTH - LEFT - RIGHT);
  const y = (count: number) => TOP + ((high - count) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  return { scale, x, y, lines, labels: labelsOf(scale, 8) };
}

function AsRows({ series, sequence, what }: Props) {
  const rows = rowsOf(series);
  const saved = rows.map(({ moment: from, values }) => ({
    from,
    ...Object.fromEntries(series.map(({ party }, i) => [party, values[i]])),
  }));
  return (
    <details className="as-table">
      <summary>The same as a table</summary>
      <div className="compared">
        <SaveRows rows={saved} what={what} sequence={sequence} />
      </div>
      <ScrollTable label={`Table of ${what}`}>
        <Heads names={['From', ...series.map(({ name }) => `#${name}`)]} />
        <tbody>
          {rows.slice(-MOST_ROWS).map(({ moment: from, values }) => (
            <tr key={from}>
              <th scope="row">{moment(from)}</th>
              {values.map((value, i) => (
                <td key={series[i]?.party} className="number">
                  {units(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </ScrollTable>
      {rows.length > MOST_ROWS && (
        <p className="drawer-note soft small">These are the last {units(MOST_ROWS)} changes.</p>
      )}
    </details>
  );
}
