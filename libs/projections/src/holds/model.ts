import type { LedgerEvent } from '#contracts/cloudEvent';
import type { HeldLine } from '#contracts/move';
import { exactMicroseconds, microseconds } from '#contracts/scalars';
import { bool, farMoment, id, inOrder, int, moment, optional, Table, text } from '../engine/table.ts';
import type { Model } from '../model.ts';

const holds = new Table('holds', {
  columns: { hold: id, owner: id, purpose: text, until: farMoment, held: moment, released: optional(moment) },
  key: ['hold'],
});

// What is held of order lines: for a hold, or (`kind`) for a swap. Whether the moment has come is judged when it is asked.
const heldLines = new Table('held_lines', {
  columns: {
    kind: id,
    name: id,
    n: int,
    owner: id,
    item: id,
    order: id,
    line: id,
    quantity: int,
    shipment: optional(id),
    custodian: optional(id),
    stage: optional(id),
    until: farMoment,
    ended: bool,
  },
  key: ['kind', 'name', 'n'],
  indexes: {
    held_lines_line: { on: ['order', 'line'], where: 'NOT ended' },
    held_lines_owner: { on: ['owner', 'item'], where: 'NOT ended' },
  },
});

interface Named {
  readonly kind: 'swap' | 'hold';
  readonly name: string;
}
interface Holding extends Named {
  readonly until: string;
  readonly lines: readonly HeldLine[];
}
type NumberedLine = HeldLine & Named & { readonly n: number; readonly until: string };
type Held = LedgerEvent<'lading.units.held.v1'>;

const begin = holds.insert<Held>({
  hold: ({ data }) => data.hold,
  owner: ({ data }) => data.owner,
  purpose: ({ data }) => data.purpose,
  until: ({ data }) => String(exactMicroseconds(data.until)),
  held: ({ recordedtime }) => microseconds(recordedtime),
});

const release = holds.update<Named & { readonly at: number }>({ hold: ({ name }) => name, released: ({ at }) => at });

const addLines = heldLines.insert<NumberedLine>({
  kind: ({ kind }) => kind,
  name: ({ name }) => name,
  n: ({ n }) => n,
  owner: ({ owner }) => owner,
  item: ({ item }) => item,
  order: ({ order }) => order,
  line: ({ line }) => line,
  quantity: ({ quantity }) => quantity,
  shipment: ({ shipment }) => shipment ?? null,
  custodian: ({ custodian }) => custodian ?? null,
  stage: ({ stage }) => stage ?? null,
  until: ({ until }) => String(exactMicroseconds(until)),
  ended: () => false,
});

const endLines = heldLines.update<Named>({ kind: ({ kind }) => kind, name: ({ name }) => name }, { ended: 'true' });

const named = { kind: ({ kind }: Named) => kind, name: ({ name }: Named) => name };
const removeLines = heldLines.remove<Named>(named);
const resumeLines = heldLines.update<Named>(named, { ended: 'false' });
const remove = holds.remove<Held>({ hold: ({ data }) => data.hold });
const resume = holds.update<Named>({ hold: ({ name }) => name }, { released: 'NULL' });

export const holdsModel: Model = {
  tables: [holds, heldLines],
  types: [
    'lading.units.held.v1',
    'lading.units.released.v1',
    'lading.reallocation.made.v1',
    'lading.swap.accepted.v1',
    'lading.swap.rejected.v1',
    'lading.swap.withdrawn.v1',
    'lading.swap.executed.v1',
  ],
  // Nothing is held twice under one name, so what ends comes after what begins.
  apply: ({ ledger, events }, db) => {
    const begun = events.filter((event) => event.type === 'lading.units.held.v1');
    const ended = events.flatMap(endedBy);
    const released = ended.filter(({ kind }) => kind === 'hold');
    return inOrder(
      db,
      ledger,
      [begin, begun],
      [addLines, events.flatMap(linesOf)],
      [endLines, ended],
      [release, released],
    );
  },
  undo: async ({ event }, { ledger }, db) => {
    const begun = holdingOf(event);
    if (begun !== undefined) await removeLines(db, ledger, [begun]);
    if (event.type === 'lading.units.held.v1') await remove(db, ledger, [event]);
    const ended = endedBy(event);
    await resumeLines(db, ledger, ended);
    await resume(
      db,
      ledger,
      ended.filter(({ kind }) => kind === 'hold'),
    );
  },
};

const linesOf = (event: LedgerEvent): NumberedLine[] => {
  const holding = holdingOf(event);
  if (holding === undefined) return [];
  const { kind, name, until, lines } = holding;
  return lines.map((line, n) => ({ ...line, kind, name, n, until }));
};

function holdingOf({ type, data }: LedgerEvent): Holding | undefined {
  if (type === 'lading.units.held.v1') return { kind: 'hold', name: data.hold, until: data.until, lines: data.lines };
  if (type !== 'lading.swap.accepted.v1' || data.until === undefined || data.holds === undefined) return undefined;
  return { kind: 'swap', name: data.swap, until: data.until, lines: data.holds };
}

function endedBy({ type, data, recordedtime }: LedgerEvent): (Named & { at: number })[] {
  const at = microseconds(recordedtime);
  switch (type) {
    case 'lading.swap.rejected.v1':
    case 'lading.swap.withdrawn.v1':
    case 'lading.swap.executed.v1':
      return [{ kind: 'swap', name: data.swap, at }];
    case 'lading.units.released.v1':
    case 'lading.reallocation.made.v1':
      return data.hold === undefined ? [] : [{ kind: 'hold', name: data.hold, at }];
    default:
      return [];
  }
}
