import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Command } from '#ledger/command';
import type { LineHold } from '#ledger/entity';
import { foldHoldings } from '#ledger/fold';
import { Sandbox } from '#ledger/sandbox';
import { toJson } from '#ledger/serialisable';
import { eachUnit } from './eachUnit.ts';
import { asNvidia } from './facts.ts';
import { same } from './history.ts';
import { decideVoid, standingEvents, submitVoid } from './takenBack.ts';

/** What was told, and when. */
export interface Told {
  readonly command: Command;
  readonly now: Date;
}

/** A ledger in which a fact was taken back and told right, and one in which it was right from the beginning. */
export interface Right {
  readonly corrected: Sandbox;
  readonly first: Sandbox;
}

/**
 * Tells a fact right, twice: after it was taken back with all that stood on it, in one batch with it and what stood on it told again;
 * and in its own place, as if nobody had ever been wrong. A code: why one of them cannot be told so.
 *
 * @param all whether all that was told later is taken back and told again, not only what stood on it
 */
export function tellRight(
  events: readonly LedgerEvent[],
  told: ReadonlyMap<number, Told>,
  { sequence, right, now, all = false }: { sequence: number; right: Command; now: Date; all?: boolean },
): Right | { readonly refused: 'void' | 'first' | 'again'; readonly code: string } {
  const standing = standingEvents(events).map((event) => event.sequence);
  const commands = new Map(standing.map((one) => [one, told.get(one)!]));
  commands.set(sequence, { command: right, now: commands.get(sequence)!.now });
  const first = new Sandbox(asNvidia);
  for (const { command, now: then } of commands.values()) {
    const decision = first.submit(command, then);
    if (!decision.ok) return { refused: 'first', code: decision.code };
  }
  const corrected = new Sandbox(asNvidia);
  for (const event of events) corrected.apply(event);
  let later = standing.filter((one) => one > sequence).reverse();
  if (!all) {
    const decision = decideVoid(corrected, sequence, now);
    if (!decision.ok && decision.code !== 'depends-on-it') return { refused: 'void', code: decision.code };
    const named = decision.ok ? [] : (decision.facts.dependants as { sequence: number }[]);
    later = named.map((one) => one.sequence);
  }
  // The ids that the corrections will have: all of it is one batch.
  const ids = [sequence, ...later].map((_, at) => ({ source: asNvidia.source, id: `right-${at}` }));
  for (const one of [...later, sequence]) {
    const decision = submitVoid(corrected, one, now, one === sequence ? ids : []);
    if (!decision.ok) throw new Error(`event ${one} cannot be taken back: ${decision.detail}`);
  }
  for (const one of [sequence, ...later.toReversed()]) {
    const decision = corrected.submit(commands.get(one)!.command, now);
    if (decision.ok) continue;
    return { refused: 'again', code: 'until' in decision.facts ? 'over by now' : decision.code };
  }
  return { corrected, first };
}

/** The two are the same now, and at every moment of the past by what is known now. */
export function areTheSame({ corrected, first }: Right, now: Date): void {
  const times = [...new Set(first.events.map(({ time }) => time))];
  for (const at of [...times, undefined])
    same(`what everybody had by ${at ?? 'now'}`, heldAt(corrected.events, at), heldAt(first.events, at));
  same('where units are', unitsOf(corrected), unitsOf(first));
  const entities = (ledger: Sandbox) =>
    [...ledger.entities].filter(([key]) => !key.startsWith('event/') && !key.startsWith('stock/'));
  const expected = new Map(entities(first));
  for (const [key, entity] of entities(corrected))
    same(key, timeless(toJson(entity), now), expected.has(key) && timeless(toJson(expected.get(key)!), now));
  same('entities', entities(corrected).length, expected.size);
}

/** Whether the events of both took the same units: whatever chooses by itself goes by what was recorded before it. */
export const tookTheSame = ({ corrected, first }: Right): boolean => {
  const said = ({ events }: Sandbox) =>
    standingEvents(events)
      .map(({ type, time, data }) => JSON.stringify([type, time, timeless(data)]))
      .sort();
  return JSON.stringify(said(corrected)) === JSON.stringify(said(first));
};

const heldAt = (events: readonly LedgerEvent[], at: string | undefined) =>
  foldHoldings(events.filter(({ time }) => at === undefined || time <= at));

const unitsOf = ({ index }: Sandbox) =>
  eachUnit(index.all())
    .map(({ item, serial, account }) => `${item} ${serial} ${account}`)
    .sort();

/** Without what says when it was recorded, or is judged by that; in the order of its names. */
const RECORDED = new Set(['version', 'sequence', 'id', 'dispatched', 'until']);
function timeless(json: unknown, now = new Date(0)): unknown {
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) => {
      if (RECORDED.has(key)) return undefined;
      if (!Array.isArray(value)) return value;
      const some = key === 'holds' ? (value as LineHold[]).filter((one) => isOpen(one, now)) : (value as unknown[]);
      return some.map((one) => JSON.stringify(timeless(one, now))).sort();
    }),
  ) as unknown;
}

/** A swap holds units for so long from when its last answer was recorded. */
const isOpen = (hold: Partial<LineHold>, now: Date): boolean =>
  hold.for?.startsWith('swap/') !== true && Date.parse(hold.until ?? '9999-12-31') > +now;
