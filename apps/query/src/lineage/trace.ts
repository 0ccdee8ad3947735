import { type LedgerEvent, parseEvent } from '#contracts/cloudEvent';
import { keyOf } from '#contracts/scalars';
import { findInStreams, readChosen } from '#journal/chosenEvents';
import { Lineage } from '#ledger/lineage';
import { Turns } from '#platform/service/turns';
import { type Line, lineEvents } from '#projections/postings/lineEvents';
import type { ReadModel } from '#projections/reading/readModel';
import { eventOnTheWay, type EventOnTheWay } from './eventOnTheWay.ts';

/** An answer follows so many events, of so many bytes, and keeps so many steps. */
const MAX_EVENTS = 2_000;
const MAX_BYTES = 32_000_000;
const MAX_STEPS = 100_000;
/** Events that are in memory at once. */
const PAGE = 64;
/** How often lines are added from which units came back to be sold again. */
const MAX_ROUNDS = 4;

const SAID = ['lading.order.confirmed.v1', 'lading.order.line_changed.v1'];

/** The lineage of some order lines, with what their events say. */
export interface Trace {
  readonly lineage: Lineage;
  readonly events: ReadonlyMap<number, EventOnTheWay>;
  /** Whether all events of a line were followed. */
  isWhole(line: Line): boolean;
}

/** Follows the units of the first of these lines, as many as an answer may. */
export async function trace(model: ReadModel, lines: readonly Line[]): Promise<Trace> {
  const turns = new Turns();
  const followed = new Map(lines.map((line) => [keyOf(line.order, line.line), line]));
  let traced: Trace | undefined;
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const { whole, sequences } = await lineEvents(model, [...followed.values()], MAX_EVENTS);
    const folded = await fold(model, whole, sequences, turns);
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

const nothing: Trace = { lineage: new Lineage([]), events: new Map(), isWhole: () => false };

/** Undefined when there is too much to follow. */
async function fold(model: ReadModel, lines: readonly Line[], moving: readonly number[], turns: Turns) {
  const { db, ledger, asOf } = model;
  const entities = [...new Set(lines.map(({ order }) => `order/${order}`))];
  const said = await findInStreams(db, ledger, { entities, types: SAID, ...asOf, most: MAX_EVENTS });
  const sequences = [...new Set([...moving, ...said.map(({ sequence }) => sequence)])].sort((a, b) => a - b);
  if (sequences.length > 2 * MAX_EVENTS) return undefined;
  const lineage = new Lineage(lines);
  const events = new Map<number, EventOnTheWay>();
  const untrue = await takenBack(model, sequences);
  let bytes = 0;
  for (let at = 0; at < sequences.length; at += PAGE) {
    for (const row of await readChosen(db, ledger, sequences.slice(at, at + PAGE))) {
      bytes += row.bytes.length;
      if (bytes > MAX_BYTES || lineage.size > MAX_STEPS) return undefined;
      if (untrue.has(row.sequence)) continue;
      const event = parseEvent(row.bytes);
      lineage.apply(event);
      events.set(row.sequence, eventOnTheWay(event));
      if (turns.over) await turns.next();
    }
  }
  return { lineage, events };
}

/** Facts that were taken back by then, and what took them back: as if neither had been told. */
async function takenBack({ db, ledger }: ReadModel, sequences: readonly number[]): Promise<ReadonlySet<number>> {
  const { rows } = await db.query<{ sequence: number }>(
    `SELECT sequence FROM activity WHERE ledger = $1 AND sequence = ANY($2::bigint[]) AND type = 'lading.event.voided.v1'`,
    [ledger, sequences],
  );
  const voids = await readChosen(
    db,
    ledger,
    rows.map(({ sequence }) => sequence),
  );
  return new Set(
    voids.flatMap(({ sequence, bytes }) => {
      const { data } = parseEvent(bytes) as LedgerEvent<'lading.event.voided.v1'>;
      return [sequence, data.sequence];
    }),
  );
}
