/** A chart of what each party had over time: what it draws, from the steps of an answer. */

/** A balance from a moment on. */
interface Step {
  /** RFC 3339. */
  readonly moment: string;
  readonly quantity: number;
}
export interface Series {
  readonly party: string;
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What it is at a time, in milliseconds since 1970: that of the last step by then; before the first, nothing. */
export function valueAt(steps: readonly Step[], time: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Date.parse(steps[middle]?.moment ?? '') <= time) low = middle + 1;
    else high = middle;
  }
  return steps[low - 1]?.quantity ?? 0;
}

/** Lines of the axis of units, in round numbers: 0 is always one of them, and the last ones enclose all that is drawn. */
export function unitLines(series: readonly Series[], most = 5): number[] {
  const all = series.flatMap(({ steps }) => steps.map(({ quantity }) => quantity));
  const [low, high] = [Math.min(0, ...all), Math.max(1, ...all)];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  const lines: number[] = [];
  for (let line = Math.floor(low / step) * step; ; line += step) {
    lines.push(line);
    if (line >= high) return lines;
  }
}

interface Axes {
  /** Where a moment stands. */
  readonly x: (moment: string) => number;
  readonly y: (quantity: number) => number;
  readonly end: number;
}

/** A line that stands still until a step, and begins at nothing. */
export function lineOf(steps: readonly Step[], { x, y, end }: Axes): string {
  const [first] = steps;
  if (first === undefined) return '';
  const parts = steps.map(({ moment, quantity }) => `H${x(moment).toFixed(1)}V${y(quantity).toFixed(1)}`);
  return `M${x(first.moment).toFixed(1)},${y(0).toFixed(1)}${parts.join('')}H${end.toFixed(1)}`;
}

/** Every moment at which something changed, and what each was from then on: the chart as rows. */
export function rowsOf(series: readonly Series[]): { readonly moment: string; readonly values: readonly number[] }[] {
  const moments = [...new Set(series.flatMap(({ steps }) => steps.map(({ moment }) => moment)))];
  return moments
    .sort((a, b) => Date.parse(a) - Date.parse(b))
    .map((moment) => ({ moment, values: series.map(({ steps }) => valueAt(steps, Date.parse(moment))) }));
}

/** The lines that rise highest, and none of those who never had any. */
export function highest<T extends { readonly steps: readonly Step[] }>(series: readonly T[], most: number): T[] {
  const peak = ({ steps }: T) => steps.reduce((top, { quantity }) => Math.max(top, Math.abs(quantity)), 0);
  return series
    .filter((one) => peak(one) > 0)
    .sort((one, other) => peak(other) - peak(one))
    .slice(0, most);
}
