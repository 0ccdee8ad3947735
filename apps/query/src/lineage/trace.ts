import { keyOf } from '#contracts/scalars';
import { findInStreams } from '#journal/past';
import { Lineage } from '#ledger/lineage';
import { type Line, lineEvents } from '#projections/postings/lineEvents';
import type { ReadModel } from '#projections/reading/readModel';
import { eachEvent, MAX_EVENTS } from './eachEvent.ts';
import { eventOnTheWay, type EventOnTheWay } from './eventOnTheWay.ts';

/** An answer keeps so many steps. */
const MAX_STEPS = 100_000;
/** How often lines are added from which units came back to be sold again. */
const MAX_ROUNDS = 4;

/** What says something of a line that may move no units, and what takes it back. */
const SAID = ['lading.order.confirmed.v1', 'lading.order.line_changed.v1', 'lading.event.voided.v1'];

/** The lineage of some order lines, with what their events say. */
export interface Trace {
  readonly lineage: Lineage;
  readonly events: ReadonlyMap<number, EventOnTheWay>;
  /** Whether every confirmation and change of the lines is among the events. */
  readonly saysAll: boolean;
  /** Whether all events of a line were followed. */
  isWhole(line: Line): boolean;
}

/** Follows the units of the first of these lines, as many as an answer may. */
export async function trace(model: ReadModel, lines: readonly Line[]): Promise<Trace> {
  const followed = new Map(lines.map((line) => [keyOf(line.order, line.line), line]));
  let traced: Trace | undefined;
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const { whole, sequences } = await lineEvents(model, [...followed.values()], MAX_EVENTS);
    const folded = await fold(model, whole, sequences);
    if (folded === undefined) break;
    const keys = new Set(whole.map(({ order, line }) => keyOf(order, line)));
    traced = { ...folded, isWhole: ({ order, line }) => keys.has(keyOf(order, line)) };
    const before = followed.size;
    for (const other of folded.lineage.others) followed.set(keyOf(other.order, other.line), other);
    if (followed.size === before) break;
  }
  if (traced !== undefined) return traced;
  return lines.length > 1 ? trace(model, lines.slice(0, Math.ceil(lines.length / 2))) : nothing;
}

const nothing: Trace = { lineage: new Lineage([]), events: new Map(), saysAll: true, isWhole: () => false };

/** Undefined when there is too much to follow. */
async function fold(model: ReadModel, lines: readonly Line[], moving: readonly number[]) {
  const { db, ledger, asOf } = model;
  const entities = [...new Set(lines.map(({ order }) => `order/${order}`))];
  const said = await findInStreams(db, ledger, { entities, types: SAID, ...asOf, most: MAX_EVENTS + 1 });
  const lineage = new Lineage(lines);
  const events = new Map<number, EventOnTheWay>();
  const isAll = await eachEvent(
    model,
    [...moving, ...said.sequences.slice(0, MAX_EVENTS)],
    (event) => {
      lineage.apply(event);
      events.set(event.sequence, eventOnTheWay(event));
    },
    () => lineage.size > MAX_STEPS,
  );
  return isAll ? { lineage, events, saysAll: said.isAll } : undefined;
}
