/** The scale of the bar of time: where moments stand on it, and which moment a place on it means. All in UTC. */

/** An event as a tick. */
export interface Tick {
  readonly sequence: number;
  readonly type: string;
  readonly subject: string;
  /** When it happened, RFC 3339. */
  readonly occurred: string;
  /** The same in milliseconds since 1970: a bar that is dragged compares thousands of them in every frame. */
  readonly time: number;
}

/** Events as ticks, in the order in which they happened. */
export const ticksOf = (events: readonly Omit<Tick, 'time'>[]): Tick[] =>
  events
    .map(({ sequence, type, subject, occurred }) => ({ sequence, type, subject, occurred, time: Date.parse(occurred) }))
    .sort((a, b) => a.time - b.time || a.sequence - b.sequence);

/** More would stand on each other. */
export const MOST_TICKS = 1000;

/** So many events that follow each other have one tick, in a ledger of so many. */
export const everyOf = (head: number): number => Math.ceil((head + 1) / MOST_TICKS);

type Row = Omit<Tick, 'time'>;

/** What a bar was told of: of each `every` sequences that follow each other one event, and the first of all. */
export interface Told {
  readonly rows: readonly Row[];
  readonly every: number;
}

/** With what came meanwhile. When they are twice as many as are drawn, those of one stretch are one again. */
export function withTold({ rows, every }: Told, come: readonly Row[]): Told {
  const seen = new Set(rows.map(({ sequence }) => sequence));
  const all = [...rows, ...come.filter(({ sequence }) => !seen.has(sequence))].sort((a, b) => a.sequence - b.sequence);
  if (all.length <= 2 * MOST_TICKS) return { rows: all, every };
  const wider = Math.max(every, everyOf(all.at(-1)?.sequence ?? 0));
  const stretch = (row: Row | undefined) => row && Math.floor(row.sequence / wider);
  return { rows: all.filter((row, i) => i === 0 || stretch(row) !== stretch(all[i + 1])), every: wider };
}

/** Both, each event once, in the order in which they happened. */
export function merged(ticks: readonly Tick[], others: readonly Tick[]): readonly Tick[] {
  const seen = new Set(ticks.map(({ sequence }) => sequence));
  return ticksOf([...ticks, ...others.filter(({ sequence }) => !seen.has(sequence))]);
}

/**
 * The sequence up to which the events around a moment are asked for: of the first that is known to have happened after it. What was told
 * late has a later one. Undefined: it is the end.
 */
export function stretchAt(ticks: readonly Tick[], at: string | undefined): number | undefined {
  if (at === undefined) return undefined;
  const end = endOf(at);
  const after = ticks.reduce((least, { time, sequence }) => (time > end ? Math.min(least, sequence) : least), Infinity);
  return after === Infinity ? undefined : after;
}

export interface Scale {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

const DAY_MS = 86_400_000;
/** A longer stretch of time is chosen by whole days. */
const BY_DAYS_MS = 20 * DAY_MS;

/** From the first event to the last, with a little room, so that both can be passed. */
export function scaleOf(ticks: readonly Tick[]): Scale | undefined {
  const [first, last] = [ticks[0]?.time, ticks.at(-1)?.time];
  if (first === undefined || last === undefined) return undefined;
  const room = Math.max((last - first) * 0.03, 60_000);
  return { from: first - room, to: last + room };
}

/** Before all that the bar shows. */
export const beginning = ({ from }: Scale): string => new Date(from).toISOString();

/** 0 is the left end of the bar, 1 the right one; what is beyond stands at the end. */
export const fractionOf = (scale: Scale, moment: string): number => placeOn(scale, endOf(moment));

const placeOn = ({ from, to }: Scale, time: number): number => Math.min(1, Math.max(0, (time - from) / (to - from)));

/** The moment at a place of the bar; undefined at its right end, which is now. A long bar means days, and a day is its end. */
export function momentAt({ from, to }: Scale, fraction: number): string | undefined {
  if (fraction >= 0.9995) return undefined;
  const time = new Date(from + Math.max(0, fraction) * (to - from));
  return to - from > BY_DAYS_MS ? time.toISOString().slice(0, 10) : `${time.toISOString().slice(0, 19)}Z`;
}

/** The moment of the next event after `at`, or of the one before it; undefined: there is none, which to the right means now. */
export function neighbour(ticks: readonly Tick[], at: string | undefined, direction: 1 | -1): string | undefined {
  const now = at === undefined ? Infinity : endOf(at);
  if (direction === 1) return ticks.find(({ time }) => time > now)?.occurred;
  // A day that ends after an event stands beyond it: the event itself is the step before.
  return (ticks.findLast(({ time }) => time < now) ?? ticks[0])?.occurred;
}

/** The last event that had happened by `at`. */
export function lastBy(ticks: readonly Tick[], at: string | undefined): Tick | undefined {
  const end = at === undefined ? Infinity : endOf(at);
  return ticks.findLast(({ time }) => time <= end);
}

/** Ticks that would stand on each other are one, with how many they are. */
export function gathered(ticks: readonly Tick[], scale: Scale, places: number): { at: number; ticks: Tick[] }[] {
  const found = new Map<number, Tick[]>();
  for (const tick of ticks) {
    const place = Math.round(placeOn(scale, tick.time) * places);
    const there = found.get(place);
    if (there === undefined) found.set(place, [tick]);
    else there.push(tick);
  }
  return [...found].map(([place, there]) => ({ at: place / places, ticks: there }));
}

/** A label under the bar. */
interface Label {
  readonly at: number;
  readonly text: string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** In months: up to two quarters, then 1, 2, 5, 10 … years. */
const STEPS = [1, 2, 3, 6, ...[1, 10, 100, 1000].flatMap((years) => [12 * years, 24 * years, 60 * years])];

/** Where years, quarters, months or days begin: as fine as `most` labels have room. */
export function labelsOf(scale: Scale, most: number): Label[] {
  const days = (scale.to - scale.from) / DAY_MS;
  if (days <= most * 2) return dayLabels(scale, Math.max(1, Math.ceil(days / most)));
  const months = days / 30.4;
  const every = STEPS.find((step) => months / step <= most) ?? Math.ceil(months / most);
  return monthLabels(scale, every);
}

function monthLabels(scale: Scale, every: number): Label[] {
  const labels: Label[] = [];
  const start = new Date(scale.from);
  const first = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth()) / every) * every;
  for (let month = first; ; month += every) {
    const time = Date.UTC(Math.floor(month / 12), month % 12, 1);
    if (time > scale.to) return labels;
    if (time < scale.from) continue;
    const year = String(Math.floor(month / 12));
    const text = month % 12 === 0 || every >= 12 ? year : (MONTHS[month % 12] ?? '');
    labels.push({ at: (time - scale.from) / (scale.to - scale.from), text });
  }
}

function dayLabels(scale: Scale, every: number): Label[] {
  const labels: Label[] = [];
  for (let time = Math.ceil(scale.from / DAY_MS) * DAY_MS; time <= scale.to; time += every * DAY_MS) {
    const date = new Date(time);
    const text = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}`;
    labels.push({ at: (time - scale.from) / (scale.to - scale.from), text });
  }
  return labels;
}

/** A day is its end. */
const endOf = (moment: string): number => Date.parse(moment.includes('T') ? moment : `${moment}T23:59:59.999Z`);
