import { afterEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { z } from 'zod';
import { ActivityRow } from '#contracts/activityRows';
import type { Submitted } from '#contracts/catalog';
import { FlagRow } from '#contracts/flagRows';
import { AvailableRow } from '#contracts/holdRows';
import { microseconds, type Window } from '#contracts/scalars';
import { SupplyRow } from '#contracts/supplyRows';
import type { Commitments, Order, OrderLine } from '#ledger/entity';
import { december, dispatched, january, june, of, placed, received, tell } from '#test/ledger/facts';
import { Dice, happens } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { applyAll, freshReadModels } from '#test/projections/freshReadModels';
import { projected, type Projected } from '#test/projections/projected';
import { activity } from '../activity/queries.ts';
import { available } from '../holds/queries.ts';
import { countFlags } from '../flags/counts.ts';
import { flag, flags } from '../flags/queries.ts';
import { BadCursor } from '../reading/page.ts';
import { withReadModels } from '../reading/readModel.ts';
import { ReadModels } from '../readModels.ts';
import { supply } from './queries.ts';

type Committed = Submitted<'lading.supply.committed.v1'>;
const committed = (quantity: number, rest: Partial<Committed> = {}) =>
  tell('supply.committed', { supplier: 'nvidia', item: 'H100', period: december, quantity, ...rest });
const confirmed = (order: string, rest: Partial<Submitted<'lading.order.confirmed.v1'>['lines'][number]>) =>
  tell('order.confirmed', { order, lines: [{ line: '1', code: 'changed', ...rest }] });
const quarter = { from: '2023-10-01', to: '2023-12-31' };

describe('what is promised of an item, committed and allocated', () => {
  let db: Projected;
  afterEach(() => db.drop());

  const rows = async (query: Parameters<typeof supply>[2] = {}, party?: string) =>
    (await db.read((m) => supply({ ...m, party }, 'H100', query))).data;
  /** committed, promised, allocated, dispatched, reallocated */
  const figures = async (period: Window) => {
    const row = (await rows()).find(({ period: { from, to } }) => from === period.from && to === period.to);
    return row && [row.committed, row.promised, row.allocated, row.dispatched, row.reallocated];
  };

  it('a supplier’s lines count in the committed period in which their window ends, sent or not; others by their own window', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 100, { quantity: 50, window: january }),
      placed('PO-2', 'x', 30),
      tell('order.placed', {
        ...{ order: 'PO-A', buyer: 'x', supplier: 'amd' },
        lines: [{ line: '1', item: 'H100', quantity: 5, window: december }],
      }),
    );
    await db.happens([committed(150, { period: quarter })]);
    const sequence = db.story.ledger.events.length;
    await db.happens([
      dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 60 }]),
      received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 60 }]),
    ]);
    const none = { allocated: 0, dispatched: 0, reallocated: 0, oversold: 0 };
    expect(await rows()).toEqual([
      { supplier: 'amd', period: december, committed: null, promised: 5, ...none, sequence: null },
      {
        ...{ supplier: 'nvidia', period: quarter, committed: 150, promised: 130, allocated: 60, dispatched: 60 },
        ...{ reallocated: 0, oversold: 0, sequence },
      },
      { supplier: 'nvidia', period: january, committed: null, promised: 50, ...none, sequence: null },
    ]);
    for (const row of await rows()) SupplyRow.strict().parse(row);
    expect(await rows({ supplier: 'amd' })).toHaveLength(1);
    expect((await rows({ ends: '2024-01-01/..' })).map(({ period }) => period)).toEqual([january]);
    const pages: unknown[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const query = { limit: 1, ...(cursor !== undefined && { cursor }) };
      const page = await db.read((m) => supply(m, 'H100', query));
      pages.push(...page.data);
      cursor = page.next;
    }
    expect(pages).toEqual(await rows());
    const forged = Buffer.from(JSON.stringify(['nvidia', 'today', 'today'])).toString('base64url');
    await expect(rows({ cursor: forged })).rejects.toThrow(BadCursor);
  });

  it('promised is what was confirmed, in the window that was confirmed, and never less than was sent', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), committed(100), committed(100, { period: january }));
    expect(await figures(december)).toEqual([100, 100, 0, 0, 0]);
    await db.happens([confirmed('PO-1', { quantity: 80 })]);
    expect(await figures(december)).toEqual([100, 80, 0, 0, 0]);
    await db.happens([confirmed('PO-1', { quantity: 120, window: january })]);
    expect(await figures(december)).toEqual([100, 0, 0, 0, 0]);
    expect(await figures(january)).toEqual([100, 100, 0, 0, 0]);
    await db.happens([
      dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 30 }]),
      confirmed('PO-1', { code: 'rejected' }),
    ]);
    expect(await figures(december)).toEqual([100, 30, 30, 30, 0]);
    await db.happens([
      tell('order.line_changed', { ...of('PO-1', '1'), initiator: 'buyer', window: january, quantity: 90 }),
    ]);
    expect(await figures(december)).toEqual([100, 0, 0, 0, 0]);
    expect(await figures(january)).toEqual([100, 90, 30, 30, 0]);
  });

  it('allocated is what was sent, and what is ordered and was given to somebody else than the buyer', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), committed(100));
    const give = (reallocation: string, from: string, to: string, quantity: number) =>
      tell('reallocation.made', {
        reallocation,
        kind: 'reassigned',
        from,
        to,
        lines: [{ ...of('PO-1', '1'), quantity }],
      });
    await db.happens([give('RA-1', 'tesla', 'x', 40)]);
    expect(await figures(december)).toEqual([100, 100, 40, 0, 40]);
    await db.happens([dispatched('S-1', [{ ...of('PO-1', '1', 'x'), quantity: 30 }])]);
    expect(await figures(december)).toEqual([100, 100, 40, 30, 10]);
    await db.happens([give('RA-2', 'x', 'tesla', 10)]);
    expect(await figures(december)).toEqual([100, 100, 30, 30, 0]);
    await db.happens([
      tell('order.line_cancelled', { ...of('PO-1', '1', 'tesla'), initiator: 'seller', quantity: 70 }),
    ]);
    expect(await figures(december)).toEqual([100, 30, 30, 30, 0]);
  });

  it('is what all lines have together, also where 32 bits do not hold it, in each answer that adds them up', async () => {
    const most = 2 ** 31 - 1;
    db = await projected(placed('PO-1', 'tesla', most, most), committed(1));
    const lines = ['1', '2'].map((line) => ({ ...of('PO-1', line), quantity: most }));
    await db.happens([
      tell('units.held', { hold: 'H-1', owner: 'tesla', purpose: 'p', until: '2030-01-01T00:00:00Z', lines }),
    ]);
    const parse = (row: z.ZodType, { data }: { data: readonly object[] }) => data.map((one) => row.parse(one));
    expect(parse(SupplyRow, { data: await rows() })).toMatchObject([{ promised: 2 * most, oversold: 2 * most - 1 }]);
    const free = { there: 2 * most, onHold: 2 * most, available: 0 };
    expect(parse(AvailableRow, await db.read((m) => available(m, {})))).toMatchObject([free]);
    const ordered = await db.read((m) => activity(m, { type: 'lading.order.placed.v1' }));
    expect(parse(ActivityRow, ordered)).toMatchObject([{ quantity: 2 * most }]);
    expect(parse(FlagRow, await db.read((m) => flags(m, { rule: 'oversold' })))).toHaveLength(1);
  });

  it('oversold: more is promised than committed, until it is not; without a commitment there is no flag', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), placed('PO-2', 'x', 50));
    const up = async () => ({
      flags: (await db.read((m) => flags(m, { rule: 'oversold' }))).data,
      counted: (await db.read((m) => countFlags(m))).get('oversold'),
    });
    expect(await up()).toEqual({ flags: [], counted: 0 });
    await db.happens([committed(120)]);
    const raised = db.story.ledger.events.length;
    const id = 'oversold:nvidia:H100:2023-12-01:2023-12-31';
    const one = {
      ...{ flag: id, rule: 'oversold', raised, parties: ['nvidia'], item: 'H100', events: [raised] },
      facts: { supplier: 'nvidia', period: december, committed: 120, promised: 150, oversold: 30, dispatched: 0 },
    };
    expect(await up()).toEqual({ flags: [one], counted: 1 });
    expect(await db.read((m) => flag(m, id))).toEqual(one);
    expect((await rows())[0]).toMatchObject({ oversold: 30 });
    const found = async (query: object) => (await db.read((m) => flags(m, { rule: 'oversold', ...query }))).data.length;
    expect([await found({ party: 'nvidia' }), await found({ party: 'tesla' })]).toEqual([1, 0]);
    expect([await found({ item: 'H100' }), await found({ item: 'D1' })]).toEqual([1, 0]);
    // Its buyers do not see each other's orders.
    for (const [party, flagged] of [
      ['nvidia', 1],
      ['tesla', 0],
      ['amd', 0],
    ] as const)
      expect((await db.read((m) => flags({ ...m, party }, { rule: 'oversold' }))).data).toHaveLength(flagged);
    await db.happens([confirmed('PO-1', { window: january })]);
    expect(await up()).toEqual({ flags: [], counted: 0 });
    await db.happens([confirmed('PO-1', { quantity: 70 }), committed(119)]);
    expect((await up()).flags).toMatchObject([{ facts: { committed: 119, promised: 120, oversold: 1 } }]);
    await db.happens([committed(120)]);
    expect(await up()).toEqual({ flags: [], counted: 0 });
    await db.happens([committed(0)]);
    expect((await up()).flags).toMatchObject([{ facts: { committed: 0, promised: 120 } }]);
    await db.happens([committed(300, { period: quarter })]);
    expect(await up()).toEqual({ flags: [], counted: 0 });
    expect((await rows()).map((row) => [row.period, row.committed, row.promised])).toEqual([[quarter, 300, 120]]);
  });

  it('a supplier sees its own, whole; a buyer what its own orders were promised, and no commitment', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 100),
      placed('PO-2', 'x', 30),
      placed('PO-3', 'x', { quantity: 7, window: june }),
    );
    await db.happens([committed(100), committed(9, { supplier: 'amd' })]);
    const seen = async (party: string) =>
      (await rows({}, party)).map((row) => [row.supplier, row.period.to, row.committed, row.promised]);
    expect(await seen('nvidia')).toEqual([
      ['nvidia', december.to, 100, 130],
      ['nvidia', june.to, null, 7],
    ]);
    expect(await seen('amd')).toEqual([['amd', december.to, 9, 0]]);
    expect(await seen('tesla')).toEqual([['nvidia', december.to, null, 100]]);
    expect(await seen('x')).toEqual([
      ['nvidia', december.to, null, 30],
      ['nvidia', june.to, null, 7],
    ]);
    expect(await seen('dhl')).toEqual([]);
  });
});

describe('whatever happens', () => {
  it('the supply of each item is what the orders and commitments of a fold add up to, whatever the batches', async () => {
    const db = await freshReadModels();
    const steps = fc.noBias(
      fc.array(fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 }), { minLength: 60, maxLength: 90 }),
    );
    let seen = 0;
    for (const [n, rolls] of fc.sample(steps, { numRuns: 12 }).entries()) {
      const history = new History();
      for (const roll of rolls) {
        const dice = new Dice(roll);
        history.happens(happens(dice, history.model), dice.chance(75) ? 0 : dice.roll(12));
      }
      const ledger = `h-${n}`;
      const events = history.ledger.events.map((event) => ({ ...event, ledger }));
      const size = 5 + n * 3;
      // Every second one remembers nothing from one batch to the next, and reads the tables.
      for (let at = 0; at < events.length; at += size)
        await applyAll(n % 2 === 0 ? db.models : new ReadModels(db.pool, 1), events.slice(at, at + size));
      for (const item of ['H100', 'D1']) {
        const { data } = await withReadModels(db.pool, ledger, (m) => supply(m, item, { limit: 1_000 }));
        const expected = supplyOf(history, item);
        expect({ n, item, rows: data.map(({ sequence: _, ...row }) => row) }).toEqual({ n, item, rows: expected });
        seen += data.length;
      }
    }
    await db.drop();
    expect(seen).toBeGreaterThan(20);
  });
});

type Figures = Omit<SupplyRow, 'sequence'>;

/** The same from the entities of a ledger in memory, line by line. */
function supplyOf({ ledger }: History, item: string): Figures[] {
  const entities = [...ledger.entities.values()];
  const lines = entities.flatMap((entity) =>
    entity.kind === 'order'
      ? entity.lines.filter((line) => line.item === item).map((line) => lineOf(entity, line))
      : [],
  );
  const periods = entities.flatMap((entity) =>
    entity.kind === 'commitments' && entity.item === item ? standing(entity) : [],
  );
  const isIn = (line: Counted, { supplier, period }: (typeof periods)[number]): boolean =>
    line.supplier === supplier && period.from <= line.due.to && line.due.to <= period.to;
  const rows = periods.map((one) =>
    rowOf(
      one.supplier,
      one.period,
      one.committed,
      lines.filter((line) => isIn(line, one)),
    ),
  );
  const others = new Map<string, Counted[]>();
  for (const line of lines.filter((line) => !periods.some((one) => isIn(line, one)))) {
    const key = JSON.stringify([line.supplier, line.due.from, line.due.to]);
    others.set(key, [...(others.get(key) ?? []), line]);
  }
  for (const own of others.values()) rows.push(rowOf(own[0]!.supplier, own[0]!.due, null, own));
  const order = ({ supplier, period }: Figures) => `${supplier} ${period.to} ${period.from}`;
  return rows
    .filter(({ committed: sum, promised, dispatched: sent }) => sum !== null || promised > sent)
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

interface Counted {
  readonly supplier: string;
  readonly due: Window;
  readonly promised: number;
  readonly sent: number;
  readonly given: number;
}

function lineOf({ supplier, buyer }: Order, { quantity, window, promised, said, accounts }: OrderLine): Counted {
  const [ordered, theirs] = [...accounts.values()]
    .filter(({ stage }) => stage === 'ordered')
    .reduce(([all, some], one) => [all + one.quantity, some + (one.owner === buyer ? 0 : one.quantity)], [0, 0]);
  const [then, now] = [microseconds(promised?.time ?? window.from), microseconds(said.window.time)];
  const stands = promised !== undefined && (then > now || (then === now && promised.sequence > said.window.sequence));
  const sent = quantity - ordered;
  const most = Math.max(stands ? Math.min(promised.quantity, quantity) : quantity, sent);
  return {
    supplier,
    due: (stands ? promised.window : undefined) ?? window,
    promised: most,
    sent,
    given: Math.min(theirs, most - sent),
  };
}

/** What is committed to; a period that is committed to 0 goes when another one takes a day of it. */
const standing = ({ supplier, periods }: Commitments) =>
  periods
    .filter(({ period, sequence }) =>
      periods.every(
        (other) => other.sequence <= sequence || other.period.from > period.to || period.from > other.period.to,
      ),
    )
    .map(({ period, quantity }) => ({ supplier, period, committed: quantity }));

function rowOf(supplier: string, { from, to }: Window, sum: number | null, lines: readonly Counted[]): Figures {
  const add = (of: (line: Counted) => number) => lines.reduce((so, line) => so + of(line), 0);
  const [promised, sent, given] = [add((line) => line.promised), add((line) => line.sent), add((line) => line.given)];
  return {
    ...{ supplier, period: { from, to }, committed: sum, promised, allocated: sent + given, dispatched: sent },
    ...{ reallocated: given, oversold: sum === null ? 0 : Math.max(0, promised - sum) },
  };
}
