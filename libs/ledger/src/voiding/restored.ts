import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Restored } from '#contracts/ledgerEvents';
import { microseconds } from '#contracts/scalars';
import type { EntityKey } from '../entity.ts';
import { foldStream, standingIn, touched } from '../evolve.ts';
import { overlap } from '../supply/evolveCommitments.ts';
import type { Recorded } from '../view.ts';
import { changedHeaders, headerBefore, standingBefore } from './said.ts';

/**
 * What an event had set, as it was before it, so that whoever reads its void need not look for it; undefined when it set nothing. All
 * that set these values later is taken back already, and what set them before occurred before: so they hold at every moment of the past.
 */
export function restoredBy({ event, streams }: Recorded): Restored | undefined {
  const restored: Restored = {
    ...registeredBefore(event, streams),
    ...linesBefore(event, streams),
    ...shipmentsBefore(event, streams),
    ...commitmentsBefore(event, streams),
    ...windowsBefore(event, streams),
  };
  return Object.keys(restored).length > 0 ? restored : undefined;
}

/** The same in fewer bytes, for a void that would be too large: without what stands in the event that is taken back. */
export function inFewerBytes({ type, data }: LedgerEvent, restored: Restored | undefined): Restored | undefined {
  if (type === 'lading.swap.executed.v1') {
    const windows = restored?.windows ?? [];
    const last = windows.findLastIndex((window, n) => JSON.stringify(window) !== JSON.stringify(data.legs[n]?.window));
    return last < 0 ? undefined : { windows: windows.slice(0, last + 1) };
  }
  if (type !== 'lading.order.confirmed.v1') return restored;
  const orderedNow = new Map(data.lines.map(({ line, ordered }) => [line, ordered]));
  const confirmed = new Map<string, NonNullable<Restored['confirmed']>[number]>();
  for (const { line: name, promised } of restored?.lines ?? []) {
    if (promised === undefined) continue;
    const { sequence, time, stands, line } = promised;
    const { item: _, ordered, ...said } = line;
    const isSame = JSON.stringify(ordered) === JSON.stringify(orderedNow.get(name));
    const key = `${sequence} ${stands}`;
    const group = confirmed.get(key) ?? { sequence, time, stands, lines: [] };
    group.lines.push(isSame ? said : { ...said, ordered });
    confirmed.set(key, group);
  }
  return confirmed.size === 0 ? undefined : { confirmed: [...confirmed.values()] };
}

type Streams = Recorded['streams'];

function registeredBefore({ type, subject, sequence }: LedgerEvent, streams: Streams): Restored {
  if (type !== 'lading.party.registered.v1' && type !== 'lading.item.registered.v1') return {};
  const before = standingBefore(subject as EntityKey, sequence, streams).at(-1);
  return before?.type === 'lading.party.registered.v1' || before?.type === 'lading.item.registered.v1'
    ? { registered: before.data }
    : {};
}

function linesBefore(event: LedgerEvent, streams: Streams): Restored {
  const { type, data, sequence } = event;
  let named: readonly string[] = [];
  if (type === 'lading.order.line_changed.v1' || type === 'lading.order.line_cancelled.v1') named = [data.line];
  if (type === 'lading.order.confirmed.v1') named = data.lines.map(({ line }) => line);
  if (named.length === 0 || !('order' in data)) return {};
  const { order } = data;
  const earlier = standingBefore(`order/${order}`, sequence, streams);
  // Whether the event is taken back already, with its order, may not be loaded yet.
  if (earlier.length === 0) return {};
  const said = saidOf(earlier, order, new Set(named));
  const lines = named.flatMap((line) => {
    const { window, promised } = said.get(line) ?? {};
    return window === undefined ? [] : [{ order, line, window, ...(promised && { promised }) }];
  });
  return { lines };
}

/** The window of a line; what the supplier had confirmed of it, and whether the window that was ordered was still that one. */
type LineSaid = Partial<Pick<NonNullable<Restored['lines']>[number], 'window' | 'promised'>>;

/**
 * What some events say of lines of an order, as of the last of them. They are gone through from there: of hundreds of confirmations that
 * are taken back in one batch, what was before each is in the one before.
 */
function saidOf(events: readonly LedgerEvent[], order: string, names: ReadonlySet<string>): Map<string, LineSaid> {
  const said = new Map<string, LineSaid>([...names].map((name) => [name, {}]));
  const add = (name: string, more: LineSaid): void => {
    const known = said.get(name);
    if (known !== undefined) said.set(name, { ...more, ...known });
  };
  /** The newest change of a line's window of those that were told later. */
  const changed = new Map<string, number>();
  let unconfirmed = names.size;
  for (const { type, data, sequence, time } of events.toReversed()) {
    if (!('order' in data) || data.order !== order) continue;
    if (type === 'lading.order.placed.v1' || type === 'lading.order.lines_added.v1') {
      for (const { line, window } of data.lines) add(line, { window });
    } else if (type === 'lading.order.line_changed.v1' && data.window !== undefined) {
      add(data.line, { window: data.window });
      changed.set(data.line, Math.max(microseconds(time), changed.get(data.line) ?? -Infinity));
    } else if (type === 'lading.order.confirmed.v1' && unconfirmed > 0) {
      for (const line of data.lines.toReversed()) {
        const known = said.get(line.line);
        if (known === undefined || known.promised !== undefined) continue;
        const stands = microseconds(time) > (changed.get(line.line) ?? -Infinity);
        add(line.line, { promised: { sequence, time, stands, line } });
        unconfirmed -= 1;
      }
    }
  }
  return said;
}

function shipmentsBefore(event: LedgerEvent, streams: Streams): Restored {
  const { sequence, data } = event;
  const changed = changedHeaders({ event, streams });
  const shipments = touched(event).flatMap((key) => {
    if (!key.startsWith('shipment/')) return [];
    const shipment = key.slice('shipment/'.length);
    const before = headerBefore(shipment, sequence, streams);
    if (before === undefined) return [];
    const header = Object.fromEntries((changed.get(shipment) ?? []).map((part) => [part, before[part] ?? null]));
    const isFinal = 'final' in data && data.final === true;
    const others = isFinal ? standingIn(streams.get(key) ?? []).filter((one) => one.sequence !== sequence) : [];
    const final = isFinal && {
      final: others.some((one) => 'final' in one.data && one.data.final === true && one.data.shipment === shipment),
    };
    const isSaid = Object.keys(header).length > 0 || isFinal || event.type === 'lading.shipment.dispatched.v1';
    return isSaid ? [{ shipment, ...header, ...final }] : [];
  });
  return shipments.length > 0 ? { shipments } : {};
}

function commitmentsBefore({ type, data, sequence }: LedgerEvent, streams: Streams): Restored {
  if (type !== 'lading.supply.committed.v1') return {};
  const stream = [...streams].find(([key]) => key.startsWith('commitments/'))?.[1] ?? [];
  let standing: NonNullable<Restored['commitments']> = [];
  for (const event of standingIn(stream)) {
    if (event.type !== 'lading.supply.committed.v1' || event.sequence >= sequence) continue;
    const { period, quantity } = event.data;
    standing = [
      ...standing.filter((one) => !overlap(one.period, period)),
      { period, quantity, sequence: event.sequence },
    ];
  }
  const commitments = standing.filter(({ period }) => overlap(period, data.period));
  return commitments.length > 0 ? { commitments } : {};
}

function windowsBefore({ type, data, sequence }: LedgerEvent, streams: Streams): Restored {
  if (type !== 'lading.swap.executed.v1') return {};
  const key = `swap/${data.swap}` as const;
  const swap = foldStream(key, standingBefore(key, sequence, streams));
  return swap?.kind === 'swap' ? { windows: swap.terms.legs.map(({ window }) => window) } : {};
}
