import type { OrderRow } from '#contracts/rows';
import type { Move } from '../../event/moves.ts';

/** Units of one owner, of one line of an order, as many as there are and as many as there would be. */
export interface Impact {
  readonly owner: string;
  readonly item: string;
  readonly order: string;
  readonly line: string;
  /** Where they are; undefined for what does not say which of the owner's units it takes. */
  readonly where: string | undefined;
  readonly stage: string | undefined;
  readonly before: number;
  readonly after: number;
}

/** What changes hands under a swap, before anybody has said which units that are. */
export interface Leg {
  readonly from: string;
  readonly to: string;
  readonly item: string;
  readonly order: string;
  readonly line: string;
  readonly quantity: number;
}

const STAGES = ['ordered', 'in_transit', 'held', 'damaged'];

type Unit = OrderRow['lines'][number]['units'][number];
const whereOf = ({ custodian, shipment }: { readonly custodian: string; readonly shipment?: string | null }): string =>
  shipment == null ? `with ${custodian}` : `on ${shipment}, with ${custodian}`;

const lineOf = (orders: readonly OrderRow[], order: string, line: string) =>
  orders.find((row) => row.order === order)?.lines.find((row) => row.line === line);

/** What each account becomes that the moves touch, of those that are in the parties' hands. */
export function impactOf(moves: readonly Move[], orders: readonly OrderRow[]): Impact[] {
  const changes = new Map<string, { account: Omit<Impact, 'before' | 'after'>; before: number; by: number }>();
  const add = (move: Move, place: Move['from'], by: number) => {
    if (!STAGES.includes(place.stage)) return;
    const { item, order, line } = move;
    const { owner, stage } = place;
    const where = whereOf(place);
    const key = JSON.stringify([owner, stage, where, order, line]);
    const isHere = (unit: Unit) => unit.owner === owner && unit.stage === stage && whereOf(unit) === where;
    const before = sum(lineOf(orders, order, line)?.units.filter(isHere));
    const known = changes.get(key) ?? { account: { owner, item, order, line, where, stage }, before, by: 0 };
    changes.set(key, { ...known, by: known.by + by });
  };
  for (const move of moves) {
    add(move, move.from, -move.quantity);
    add(move, move.to, move.quantity);
  }
  return [...changes.values()].map(({ account, before, by }) => ({ ...account, before, after: before + by }));
}

/** What each party has of each line before the legs of a swap, and after them. */
export function impactOfLegs(legs: readonly Leg[], orders: readonly OrderRow[]): Impact[] {
  const changes = new Map<string, Impact>();
  const add = ({ item, order, line }: Leg, owner: string, by: number) => {
    const key = JSON.stringify([owner, order, line]);
    const isOwn = (unit: Unit) => unit.owner === owner && unit.stage !== 'damaged';
    const before = sum(lineOf(orders, order, line)?.units.filter(isOwn));
    const known = changes.get(key) ?? {
      ...{ owner, item, order, line, where: undefined, stage: undefined },
      ...{ before, after: before },
    };
    changes.set(key, { ...known, after: known.after + by });
  };
  for (const leg of legs) {
    add(leg, leg.from, -leg.quantity);
    add(leg, leg.to, leg.quantity);
  }
  return [...changes.values()];
}

const sum = (units: readonly Unit[] = []): number => units.reduce((total, { quantity }) => total + quantity, 0);

/** Units that a party gets on another day than before. */
export interface Wait {
  readonly owner: string;
  readonly item: string;
  readonly quantity: number;
  /** When it had them, or was to get them; empty: they were there. Undefined: it was to get none. */
  readonly before: string | undefined;
  /** Undefined: it gets them no more. */
  readonly after: string | undefined;
}

/** Units that an owner gets, or gets no more, on a day; empty: they are there. */
interface Shift {
  readonly owner: string;
  readonly item: string;
  readonly day: string;
  readonly by: number;
}

/** Of the moves, those to another owner. */
export const shiftsOf = (moves: readonly Move[], orders: readonly OrderRow[]): Shift[] =>
  moves.flatMap(({ item, order, line, quantity, from, to }) => {
    if (from.owner === to.owner) return [];
    const dayOf = ({ stage }: Move['from']) => (stage === 'held' ? '' : (lineOf(orders, order, line)?.due ?? ''));
    return [
      ...(STAGES.includes(from.stage) ? [{ owner: from.owner, item, day: dayOf(from), by: -quantity }] : []),
      ...(STAGES.includes(to.stage) ? [{ owner: to.owner, item, day: dayOf(to), by: quantity }] : []),
    ];
  });

/** A leg takes ordered units first: they are there only where its giver awaits none. */
export const shiftsOfLegs = (legs: readonly Leg[], orders: readonly OrderRow[]): Shift[] =>
  legs.flatMap(({ from, to, item, order, line, quantity }) => {
    const { due = '', units = [] } = lineOf(orders, order, line) ?? {};
    const given = units.filter((unit) => unit.owner === from);
    const isThere = given.length > 0 && given.every((unit) => unit.stage === 'held');
    const day = isThere ? '' : due;
    return [
      { owner: from, item, day, by: -quantity },
      { owner: to, item, day, by: quantity },
    ];
  });

/**
 * Who turns late, and who is served sooner: what an owner loses is set against what it gets, the earliest first. What it gets of the same day
 * makes no difference.
 */
export function waitsOf(shifts: readonly Shift[]): Wait[] {
  const byOwner = new Map<string, { owner: string; item: string; days: Map<string, number> }>();
  for (const { owner, item, day, by } of shifts) {
    const key = JSON.stringify([owner, item]);
    const known = byOwner.get(key) ?? { owner, item, days: new Map<string, number>() };
    known.days.set(day, (known.days.get(day) ?? 0) + by);
    byOwner.set(key, known);
  }
  return [...byOwner.values()].flatMap(({ owner, item, days }) => {
    const ordered = [...days].sort(([a], [b]) => (a < b ? -1 : 1));
    const pick = (sign: number) =>
      ordered.filter(([, by]) => by * sign > 0).map(([day, by]) => ({ day, left: by * sign }));
    return matched(pick(-1), pick(1)).map((wait) => ({ owner, item, ...wait }));
  });
}

interface Part {
  readonly day: string;
  left: number;
}

function matched(lost: Part[], got: Part[]): Pick<Wait, 'quantity' | 'before' | 'after'>[] {
  const waits: Pick<Wait, 'quantity' | 'before' | 'after'>[] = [];
  while (lost.length > 0 || got.length > 0) {
    const [from, to] = [lost[0], got[0]];
    const quantity = Math.min(from?.left ?? Infinity, to?.left ?? Infinity);
    waits.push({ quantity, before: from?.day, after: to?.day });
    for (const [part, queue] of [[from, lost] as const, [to, got] as const]) {
      if (part === undefined) continue;
      part.left -= quantity;
      if (part.left === 0) queue.shift();
    }
  }
  return waits;
}

/** How many days later; below zero: sooner. Undefined where it was there, or is no more. */
export const daysLater = ({ before, after }: Wait): number | undefined =>
  before === undefined || after === undefined || before === '' || after === ''
    ? undefined
    : Math.round((Date.parse(after) - Date.parse(before)) / 86_400_000);
