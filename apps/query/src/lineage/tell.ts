import type { LineageRow, LineageStep } from '#contracts/lineageRows';
import type { Place } from '#contracts/move';
import type { HoldingRow } from '#contracts/rows';
import { serialsOf } from '#contracts/serials';
import { findInStreams } from '#journal/past';
import type { Branch, Step } from '#ledger/lineage';
import { concerning } from '#projections/activity/queries';
import { sidesOf } from '#projections/orders/queries';
import type { ReadModel } from '#projections/reading/readModel';
import { eachEvent } from './eachEvent.ts';
import type { EventOnTheWay } from './eventOnTheWay.ts';
import type { Trace } from './trace.ts';

/** What an answer has at most: branches of a row, steps of a branch and of all of them, swaps, and bytes. */
const MAX_BRANCHES = 500;
const MAX_STEPS = 200;
const MAX_ALL_STEPS = 5_000;
const MAX_SWAPS = 200;
const MAX_BYTES = 2_000_000;

interface Found {
  readonly holding: HoldingRow;
  /** Undefined where there are too many events to follow. */
  readonly branches: readonly Branch[] | undefined;
}

type Told = LineageRow['branches'][number];
type Agreement = NonNullable<LineageStep['agreement']>;

/** What is known besides of the events of an answer. */
interface Known {
  readonly trace: Trace;
  /** Of a party's question: the events that it may read. */
  readonly readable: ReadonlySet<number> | undefined;
  readonly sides: ReadonlyMap<string, { readonly buyer: string; readonly supplier: string }>;
  readonly swaps: ReadonlyMap<string, Agreement>;
  /** Swaps whose terms were not read: there are too many. */
  readonly unread: ReadonlySet<string>;
}

/** The rows with the way of each branch in words of its events: as many of the first rows as an answer may have. */
export async function tell(model: ReadModel, trace: Trace, found: readonly Found[]): Promise<LineageRow[]> {
  const cut = firstOf(found);
  const steps = cut.flatMap(({ branches = [] }) => branches.flatMap((branch) => branch.steps));
  const known = await besides(model, trace, steps);
  const rows: LineageRow[] = [];
  let bytes = 0;
  for (const { holding, branches, partial } of cut) {
    const { substitutes: _, ...account } = holding;
    const told: Told[] = [];
    let isCut = partial;
    for (const branch of known.readable === undefined
      ? (branches ?? []).map(inWords)
      : alike((branches ?? []).map(inWords))) {
      bytes += JSON.stringify(branch).length;
      if (bytes > MAX_BYTES && rows.length > 0) return rows;
      isCut ||= bytes > MAX_BYTES;
      if (bytes <= MAX_BYTES) told.push(branch);
    }
    rows.push({ ...account, branches: told, ...(isCut && { partial: true as const }) });
  }
  return rows;

  function inWords({ quantity, steps: all, units, begins }: Branch): Told {
    const read = all.flatMap((step) => stepOf(step, known));
    const isSaid =
      trace.saysAll && !all.some(({ sequence }) => known.unread.has(trace.events.get(sequence)?.swap ?? ''));
    // How it began, and how it ended.
    const shown = read.length <= MAX_STEPS ? read : [...read.slice(0, 20), ...read.slice(20 - MAX_STEPS)];
    return {
      quantity,
      serials:
        units === undefined
          ? null
          : serialsOf(units.map(({ prefix, from, to, digits }) => ({ prefix, from, to, digits }))),
      steps: shown,
      ...(read.length < all.length && { withheld: true as const }),
      ...((!begins || !isSaid || shown.length < read.length) && { partial: true as const }),
    };
  }
}

/** As many of the first rows, and of the first branches of the first row, as an answer has steps. */
function firstOf(found: readonly Found[]): (Found & { readonly partial: boolean })[] {
  const cut: (Found & { readonly partial: boolean })[] = [];
  let steps = 0;
  for (const { holding, branches } of found) {
    const kept: Branch[] = [];
    for (const branch of branches?.slice(0, MAX_BRANCHES) ?? []) {
      steps += branch.steps.length;
      if (steps > MAX_ALL_STEPS && cut.length > 0) return cut;
      if (steps > MAX_ALL_STEPS && kept.length > 0) break;
      kept.push(branch);
    }
    cut.push({ holding, branches: kept, partial: kept.length !== branches?.length });
  }
  return cut;
}

async function besides(model: ReadModel, trace: Trace, steps: readonly Step[]): Promise<Known> {
  const sequences = [...new Set(steps.map(({ sequence }) => sequence))];
  const { party } = model;
  const readable = party === undefined ? undefined : await concerning(model, party, sequences);
  const sides = await sidesOf(model, [...new Set(steps.map(({ order }) => order))]);
  const executed = sequences.flatMap((sequence) => trace.events.get(sequence)?.swap ?? []);
  const named = [...new Set(executed)];
  const { agreed, isAll } = await agreedOn(model, named.slice(0, MAX_SWAPS));
  return { trace, readable, sides, swaps: agreed, unread: new Set(isAll ? named.slice(MAX_SWAPS) : named) };
}

/** The terms of swaps, from their proposals, and who accepted them, but for what was taken back: what whoever asks may read of it. */
async function agreedOn(
  model: ReadModel,
  swaps: readonly string[],
): Promise<{ readonly agreed: ReadonlyMap<string, Agreement>; readonly isAll: boolean }> {
  const agreed = new Map<string, Agreement>();
  if (swaps.length === 0) return { agreed, isAll: true };
  const { db, ledger, asOf, party } = model;
  const found = await findInStreams(db, ledger, {
    entities: swaps.map((swap) => `swap/${swap}`),
    types: ['lading.swap.proposed.v1', 'lading.swap.accepted.v1', 'lading.event.voided.v1'],
    ...asOf,
    most: 10 * MAX_SWAPS,
  });
  const readable = party === undefined ? undefined : await concerning(model, party, found.sequences);
  const isAll = await eachEvent(model, found.sequences, (event) => {
    if (readable?.has(event.sequence) === false) return;
    if (event.type === 'lading.swap.proposed.v1') {
      const { swap, by, legs, authorisedBy = null, reason = null, reasonCode = null, evidence = [] } = event.data;
      // A party that proposes has accepted; the supplier has no say in the legs.
      const accepted = legs.some(({ from, to }) => from === by || to === by) ? [by] : [];
      const terms = { swap, reallocation: null, by, accepted, authorisedBy, reason, reasonCode, evidence };
      agreed.set(swap, terms);
    } else if (event.type === 'lading.swap.accepted.v1') {
      const { swap, by } = event.data;
      const terms = agreed.get(swap);
      if (terms !== undefined) agreed.set(swap, { ...terms, accepted: [...new Set([...terms.accepted, by])].sort() });
    }
  });
  return { agreed, isAll: isAll && found.isAll };
}

/** None, where whoever asks may not read the event. */
function stepOf({ sequence, order, line, from, to }: Step, { trace, readable, sides, swaps }: Known): LineageStep[] {
  const event: EventOnTheWay | undefined = trace.events.get(sequence);
  if (event === undefined || readable?.has(sequence) === false) return [];
  const { side, swap, agreement, by, ...what } = event;
  const who = side === undefined ? by : (sides.get(order)?.[side] ?? null);
  const changes = from !== undefined && from.owner !== to?.owner;
  const agreed = swap === undefined ? agreement : swaps.get(swap);
  return [
    {
      ...what,
      by: who,
      order,
      line,
      from: placeOf(from),
      to: placeOf(to),
      agreement: changes ? (agreed ?? null) : null,
    },
  ];
}

const placeOf = (place: Place | undefined): LineageStep['from'] => {
  if (place === undefined) return null;
  const { owner, custodian, stage, shipment = null } = place;
  return { owner, custodian, stage, shipment };
};

/** Branches that differ only by what is withheld are one to whoever may not know it. */
function alike(branches: readonly Told[]): Told[] {
  const joined = new Map<string, Told>();
  for (const branch of branches) {
    const { quantity, serials, ...way } = branch;
    const key = JSON.stringify([way, serials === null]);
    const other = joined.get(key);
    if (other === undefined) joined.set(key, branch);
    else {
      const both = [other.serials, serials].flatMap((some) => some ?? []);
      joined.set(key, { ...other, quantity: other.quantity + quantity, serials: serials === null ? null : both });
    }
  }
  return [...joined.values()];
}
