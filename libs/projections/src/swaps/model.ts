import type { LedgerEvent } from '#contracts/cloudEvent';
import { exactMicroseconds, microseconds } from '#contracts/scalars';
import {
  bigint,
  bool,
  day,
  farMoment,
  id,
  inOrder,
  int,
  moment,
  optional,
  Table,
  text,
  texts,
  withDefault,
} from '../engine/table.ts';
import type { Model } from '../model.ts';
import { attributeAgain, attributeUnits, swapCounts, swapLots } from './attributeUnits.ts';

// `status` is open until the swap is rejected, withdrawn or executed: whether an open one is accepted follows from who accepted it,
// and whether it expired from the clock.
const swaps = new Table('swaps', {
  columns: {
    swap: id,
    by: id,
    parties: texts,
    accepted: texts,
    status: text,
    authorised_by: optional(id),
    reason: optional(text),
    evidence: text,
    expires: optional(farMoment),
    proposed: moment,
    proposed_sequence: bigint,
    executed: optional(moment),
    executed_sequence: optional(bigint),
  },
  key: ['swap'],
  indexes: { swaps_executed: { on: ['executed_sequence'], where: 'executed_sequence IS NOT NULL' } },
});

// `completed` is when the last unit of a leg came: of thousands of swaps it finds the few of which something was missing at a moment. (Every
// moment is after -infinity: without that condition PostgreSQL would also take this index for the legs of a party, and read all of the ledger.)
const swapLegs = new Table('swap_legs', {
  columns: {
    swap: id,
    leg: int,
    giver: id,
    receiver: id,
    order: id,
    line: id,
    item: id,
    quantity: int,
    window_from: day,
    window_to: day,
    executed: bool,
    completed: withDefault(moment, `'infinity'`),
  },
  key: ['swap', 'leg'],
  indexes: {
    swap_legs_completed: { on: ['completed'], where: `completed > '-infinity'` },
    swap_legs_giver: { on: ['giver', 'swap', 'leg'], where: 'executed' },
    swap_legs_receiver: { on: ['receiver', 'swap', 'leg'], where: 'executed' },
  },
});

/** What was agreed, without what came of it. */
export const termsModel: Model = {
  tables: [swaps, swapLegs],
  apply: ({ ledger, events }, db) =>
    inOrder(db, ledger, [propose, events.filter(isProposal)], [advance, stepsOf(events)], [putLegs, legsOf(events)]),
};

export const swapsModel: Model = {
  tables: [...termsModel.tables, swapCounts, swapLots],
  apply: async (batch, db) => {
    const { events, orders, placed } = batch;
    // Units are followed from the execution of a swap on: an order that the batch itself places has none of them yet.
    const executes = events.some(({ type }) => type === 'lading.swap.executed.v1');
    const applied = termsModel.apply(batch, db);
    if (executes || orders.size > placed.length) await attributeUnits(batch, db, applied);
    await applied;
  },
  undo: async ({ event, restored }, batch, db) => {
    const { ledger } = batch;
    if (event.type === 'lading.swap.proposed.v1') {
      await removeLegs(db, ledger, [event]);
      await remove(db, ledger, [event]);
    }
    if (event.type === 'lading.swap.accepted.v1') await unaccept(db, ledger, [event]);
    if (isEnd(event)) await reopen(db, ledger, [event]);
    if (event.type === 'lading.swap.executed.v1') {
      const { swap, legs } = event.data;
      const before = legs.map((leg, n) => {
        const window = restored.windows?.[n] ?? leg.window;
        return { ...leg, window, swap, leg: n, executed: false };
      });
      await putLegs(db, ledger, before);
    }
    await attributeAgain(event, batch, db);
  },
};

type End = LedgerEvent<`lading.swap.${'rejected' | 'withdrawn' | 'executed'}.v1`>;
const ENDS: readonly string[] = ['lading.swap.rejected.v1', 'lading.swap.withdrawn.v1', 'lading.swap.executed.v1'];
const isEnd = (event: LedgerEvent): event is End => ENDS.includes(event.type);

type Proposed = LedgerEvent<'lading.swap.proposed.v1'>;
type Executed = LedgerEvent<'lading.swap.executed.v1'>;

const isProposal = (event: LedgerEvent): event is Proposed => event.type === 'lading.swap.proposed.v1';

const giversAndReceivers = ({ data }: Proposed): string[] =>
  [...new Set(data.legs.flatMap(({ from, to }) => [from, to]))].sort();

const propose = swaps.insert<Proposed>({
  swap: ({ data }) => data.swap,
  by: ({ data }) => data.by,
  parties: giversAndReceivers,
  accepted: () => [],
  status: () => 'open',
  authorised_by: ({ data }) => data.authorisedBy ?? null,
  reason: ({ data }) => data.reason ?? null,
  evidence: ({ data }) => JSON.stringify(data.evidence ?? []),
  expires: ({ data }) => (data.expires === undefined ? null : String(exactMicroseconds(data.expires))),
  proposed: ({ time }) => microseconds(time),
  proposed_sequence: ({ sequence }) => sequence,
});

const remove = swaps.remove<Proposed>({ swap: ({ data }) => data.swap });
const removeLegs = swapLegs.remove<Proposed>({ swap: ({ data }) => data.swap });
const unaccept = swaps.update<LedgerEvent<'lading.swap.accepted.v1'>>(
  { swap: ({ data }) => data.swap, by: ({ data }) => data.by },
  { accepted: 'array_remove(stored.accepted, given.by)' },
);
const reopen = swaps.update<End>(
  { swap: ({ data }) => data.swap },
  { status: `'open'`, executed: 'NULL', executed_sequence: 'NULL' },
);

/** What the events of a batch change of one swap. */
interface Step {
  readonly swap: string;
  readonly accepted: string[];
  status: string | null;
  executed: Executed | undefined;
}

const advance = swaps.update<Step>(
  {
    swap: ({ swap }) => swap,
    accepted: ({ accepted }) => accepted,
    status: ({ status }) => status,
    executed: ({ executed }) => (executed === undefined ? null : microseconds(executed.time)),
    executed_sequence: ({ executed }) => executed?.sequence ?? null,
  },
  {
    accepted: 'stored.accepted || given.accepted',
    status: 'coalesce(given.status, stored.status)',
    executed: 'coalesce(given.executed, stored.executed)',
    executed_sequence: 'coalesce(given.executed_sequence, stored.executed_sequence)',
  },
);

function stepsOf(events: readonly LedgerEvent[]): Step[] {
  const steps = new Map<string, Step>();
  const stepOf = (swap: string): Step => {
    const step = steps.get(swap) ?? { swap, accepted: [], status: null, executed: undefined };
    steps.set(swap, step);
    return step;
  };
  for (const event of events) {
    switch (event.type) {
      case 'lading.swap.proposed.v1':
        // A party that proposes has accepted; the supplier has no say in the legs.
        if (giversAndReceivers(event).includes(event.data.by)) stepOf(event.data.swap).accepted.push(event.data.by);
        break;
      case 'lading.swap.accepted.v1':
        stepOf(event.data.swap).accepted.push(event.data.by);
        break;
      case 'lading.swap.rejected.v1':
        stepOf(event.data.swap).status = 'rejected';
        break;
      case 'lading.swap.withdrawn.v1':
        stepOf(event.data.swap).status = 'withdrawn';
        break;
      case 'lading.swap.executed.v1':
        stepOf(event.data.swap).status = 'executed';
        stepOf(event.data.swap).executed = event;
    }
  }
  return [...steps.values()];
}

interface NumberedLeg extends Readonly<Proposed['data']['legs'][number]> {
  readonly swap: string;
  readonly leg: number;
  readonly executed: boolean;
}

// At execution the windows become the lines' as they are then.
const putLegs = swapLegs.upsert<NumberedLeg>(
  {
    swap: ({ swap }) => swap,
    leg: ({ leg }) => leg,
    giver: ({ from }) => from,
    receiver: ({ to }) => to,
    order: ({ order }) => order,
    line: ({ line }) => line,
    item: ({ item }) => item,
    quantity: ({ quantity }) => quantity,
    window_from: ({ window }) => window.from,
    window_to: ({ window }) => window.to,
    executed: ({ executed }) => executed,
  },
  ['window_from', 'window_to', 'executed'],
);

/** The legs that the events name, each as the last of them says it. */
function legsOf(events: readonly LedgerEvent[]): NumberedLeg[] {
  const legs = new Map<string, NumberedLeg>();
  for (const event of events) {
    if (event.type !== 'lading.swap.proposed.v1' && event.type !== 'lading.swap.executed.v1') continue;
    const { swap } = event.data;
    const executed = event.type === 'lading.swap.executed.v1';
    for (const [n, leg] of event.data.legs.entries()) legs.set(`${swap}|${n}`, { ...leg, swap, leg: n, executed });
  }
  return [...legs.values()];
}
