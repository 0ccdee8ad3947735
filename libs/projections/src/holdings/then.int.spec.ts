import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { HoldingKey } from '#contracts/rows';
import type { Stage } from '#contracts/scalars';
import { isPartiesStage, mayBeNegative } from '#ledger/account';
import { foldHoldings } from '#ledger/fold';
import { dispatched, of, placed, tell } from '#test/ledger/facts';
import { createPool } from '#platform/database/database';
import { Dice } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { given } from '#test/ledger/story';
import { submitVoid } from '#test/ledger/takenBack';
import { applyAll, type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { withSizes } from '#test/projections/withSizes';
import { seed } from '#test/setup/seed';
import { postings } from '../postings/queries.ts';
import { type AskedAbout, type ReadModel, withReadModels } from '../reading/readModel.ts';
import type { Page } from '../reading/page.ts';
import { holdingsDiff, holdingsHistory } from './changes.ts';
import { holdings, type HoldingsQuery } from './queries.ts';
import { holdingsThen } from './then.ts';

const HISTORIES = 3;
const MOMENTS = 80;

interface Question {
  readonly moment: AskedAbout;
  readonly query: HoldingsQuery;
}

describe('holdings at any moment, after random histories with late events', () => {
  let db: FreshReadModels;
  const ledgers = Array.from({ length: HISTORIES }, (_, n) => ({ ledger: `h-${n}`, events: historyOf(n) }));
  const dice = new Dice(rollsOf(99));
  /** What was answered when only the first half was told, as text. */
  const before = new Map<string, string>();

  withSizes({ stretch: 3, few: 2, blocks: [4, 8, 24] });
  beforeAll(async () => {
    db = await freshReadModels();
    for (const { ledger, events } of ledgers) {
      const half = events.length >> 1;
      await applyAll(db.models, events.slice(0, half), 7);
      for (const question of questionsOf(events.slice(0, half)).slice(0, MOMENTS / 4))
        before.set(JSON.stringify([ledger, question]), JSON.stringify(await answered(ledger, question)));
      await applyAll(db.models, events.slice(half), 11);
    }
  });
  afterAll(() => db.drop());

  const ask = <T>(ledger: string, moment: AskedAbout, read: (model: ReadModel) => Promise<T>) =>
    withReadModels(db.pool, ledger, read, moment);

  async function pages<R>(
    ledger: string,
    moment: AskedAbout,
    list: (model: ReadModel, cursor?: string) => Promise<Page<R>>,
  ) {
    const rows: R[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await ask(ledger, moment, (model) => list(model, cursor));
      rows.push(...page.data);
      if (page.next === null) return rows;
      cursor = page.next;
    }
  }
  const answered = (ledger: string, { moment, query }: Question) =>
    pages(ledger, moment, (model, cursor) => holdingsThen(model, { ...query, cursor }));

  function questionsOf(events: readonly LedgerEvent[]): Question[] {
    const open = foldHoldings(events);
    return Array.from({ length: MOMENTS }, () => {
      const at = dice.chance(80) ? dice.pick(events).time : undefined;
      const known = dice.chance(80) || at === undefined ? dice.roll(events.length + 1) : events.length;
      const some = dice.pick(open);
      const keys = HoldingKey.options;
      const filter = Object.fromEntries(
        keys.filter(() => dice.chance(15)).flatMap((key) => (some[key] === null ? [] : [[key, some[key]]])),
      );
      const groupBy = dice.chance(50) ? [dice.pick(keys), dice.pick(keys)] : undefined;
      const query = {
        ...filter,
        groupBy,
        limit: 1 + dice.roll(20),
        ...(dice.chance(40) && { accounts: 'all' as const }),
      };
      return { moment: { at: at && new Date(at).toISOString(), known }, query };
    });
  }

  it('are, page by page, what a fold of exactly the events that had occurred and were known then holds', async () => {
    let negative = 0;
    for (const { ledger, events } of ledgers) {
      for (const question of questionsOf(events)) {
        const rows = (await answered(ledger, question)).map((row) => ({ ...row, substitutes: undefined }));
        const expected = naive(events, question);
        expect({ ledger, question, rows: sorted(rows) }).toEqual({ ledger, question, rows: sorted(expected) });
        negative += expected.filter((row) => 'negative' in row).length;
      }
    }
    expect(negative).toBeGreaterThan(0);
  });

  it('stay the same for ever, whatever is told later: byte for byte where both bounds are given', async () => {
    for (const [key, text] of before) {
      const [ledger, question] = JSON.parse(key) as [string, Question];
      if (question.moment.at === undefined && question.moment.known === undefined) continue;
      expect([key, JSON.stringify(await answered(ledger, question))]).toEqual([key, text]);
    }
    expect(before.size).toBeGreaterThan(HISTORIES);
  });

  it('at the head, without a bound, are what holdings are now', async () => {
    for (const { ledger } of ledgers) {
      for (const query of [
        {},
        { accounts: 'all' as const },
        { groupBy: ['owner' as const] },
        { groupBy: ['order' as const] },
      ])
        expect(await ask(ledger, {}, (model) => holdingsThen(model, { ...query, limit: 1000 }))).toEqual(
          await ask(ledger, {}, (model) => holdings(model, { ...query, limit: 1000 })),
        );
    }
  });

  it('are the same from one connection as from two, of which each sums half of the groups, in the order of their bytes', async () => {
    const ledger = 'two';
    const owners = ['tesla', '\u{10437}', '\uff21', 'x', '\u00e9', 'Z'];
    const story = given(
      ...owners
        .filter((party) => party !== 'tesla' && party !== 'x')
        .map((party) => tell('party.registered', { party, name: party, roles: ['customer'] })),
      ...owners.map((owner, n) => placed(`PO-${n}`, owner, 10 + n)),
    );
    const told = story.ledger.events.map((event): LedgerEvent => ({ ...event, ledger }));
    await applyAll(db.models, told);
    const moment = { known: told.length - 1 };
    const alone = createPool(db.url, { max: 2 });
    let most = 0;
    db.pool.on('acquire', () => (most = Math.max(most, db.pool.totalCount - db.pool.idleCount)));
    for (const limit of [1, 2, 5, 6]) {
      const both = await answered(ledger, { moment, query: { groupBy: ['owner'], limit } });
      expect(both.map((row) => 'owner' in row && row.owner)).toEqual(owners.slice(0, -1).sort(byBytes));
      const page = (model: ReadModel) => holdingsThen(model, { groupBy: ['owner'], limit });
      expect(await withReadModels(alone, ledger, page, moment)).toEqual(await ask(ledger, moment, page));
    }
    expect(most).toBeGreaterThan(1);
    await alone.end();
  });

  it('are answered by one connection where PostgreSQL gives no second one', async () => {
    const [{ ledger, events }] = ledgers as [(typeof ledgers)[0]];
    const moment = { known: events.length - 1 };
    const page = (model: ReadModel) => holdingsThen(model, { groupBy: ['owner', 'item'], limit: 1000 });
    const expected = await ask(ledger, moment, page);
    const pool = createPool(db.url, { max: 10 });
    let refused = 0;
    const answer = await withReadModels(
      pool,
      ledger,
      (model) => {
        pool.connect = () => Promise.reject(new Error(`sorry, too many clients already (${++refused})`));
        return page(model);
      },
      moment,
    );
    expect([answer, refused]).toEqual([expected, 1]);
    await pool.end();
  });

  it('are answered when more ask at once than there are connections: nobody who has one waits for a second', async () => {
    const pool = createPool(db.url, { max: 4, timeouts: { connect: 0 } });
    const [{ ledger, events }] = ledgers as [(typeof ledgers)[0]];
    const moment = { known: events.length - 1 };
    const page = (model: ReadModel) => holdingsThen(model, { groupBy: ['owner', 'item'], limit: 1000 });
    const one = await withReadModels(pool, ledger, page, moment);
    const all = await Promise.all(Array.from({ length: 60 }, () => withReadModels(pool, ledger, page, moment)));
    expect(all).toEqual(all.map(() => one));
    await pool.end();
  });

  it('differ from those of another moment by exactly the events that are in one of them and not in the other', async () => {
    let named = 0;
    for (const { ledger, events } of ledgers) {
      const questions = questionsOf(events).slice(0, MOMENTS / 2);
      for (const [n, { moment, query }] of questions.entries()) {
        const { moment: other } = questions[(n + 1) % questions.length]!;
        const from = { 'from-at': other.at, 'from-known': other.known };
        const rows = await pages(ledger, moment, (model, cursor) => holdingsDiff(model, { ...query, ...from, cursor }));
        const was = from['from-at'] === undefined ? { ...other, at: moment.at } : other;
        const keys = query.groupBy ?? HoldingKey.options;
        const [before, after] = [was, moment].map((one) => quantities(naive(events, { moment: one, query }), keys));
        const expected = [...new Set([...before!.keys(), ...after!.keys()])]
          .map((key) => [key, before!.get(key) ?? 0, after!.get(key) ?? 0] as const)
          .filter(([, one, two]) => one !== two);
        expect(rows.map((row) => [nameOf(row, keys), row.before, row.after]).sort()).toEqual([...expected].sort());
        for (const row of rows) {
          expect(row.change).toBe(row.after - row.before);
          if (row.partial === undefined)
            expect(row.events.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(row.change);
          expect(row.events.filter(({ quantity }) => quantity === 0)).toEqual([]);
          named += row.events.length;
        }
      }
    }
    expect(named).toBeGreaterThan(0);
  });

  it('differ by the events that changed a row, and not by those that moved units within it, however many these are', async () => {
    const sent = (n: number) => dispatched(`S-${n}`, [{ ...of('PO-1', '1', 'tesla'), quantity: 1 }]);
    const given5 = tell('reallocation.made', {
      ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x', reason: 'priority' },
      lines: [{ ...of('PO-1', '1'), quantity: 5 }],
    });
    const story = given(placed('PO-1', 'tesla', 100), ...Array.from({ length: 25 }, (_, n) => sent(n)), given5);
    const ledger = 'within';
    const events = story.ledger.events.map((event): LedgerEvent => ({ ...event, ledger }));
    await applyAll(db.models, events);
    const known = events.findIndex(({ type }) => type === 'lading.order.placed.v1') + 1;
    const { data } = await ask(ledger, {}, (model) => holdingsDiff(model, { groupBy: ['owner'], 'from-known': known }));
    expect(data.map(({ events: _, ...row }) => row)).toEqual([
      { owner: 'tesla', before: 100, after: 95, change: -5 },
      { owner: 'x', before: 0, after: 5, change: 5 },
    ]);
    for (const row of data)
      expect(row.events).toMatchObject([{ type: 'lading.reallocation.made.v1', quantity: row.change }]);
  });

  it('as a series are at each of its moments what they are as of that moment, on either axis of time', async () => {
    for (const { ledger, events } of ledgers) {
      for (const { moment, query } of questionsOf(events).slice(0, MOMENTS / 4)) {
        const { groupBy: _, ...filter } = query;
        for (const axis of ['at', 'known'] as const) {
          for (const by of ['change', 'day', 'week', 'month'] as const) {
            const rows = await pages(ledger, moment, (model, cursor) =>
              holdingsHistory(model, { ...filter, axis, by, cursor }),
            );
            const moments = rows.map((row) => row.moment);
            expect(moments).toEqual([...moments].sort());
            let sum = 0;
            for (const { moment: then, sequence, change, quantity } of rows) {
              expect(quantity).toBe((sum += change));
              if (axis === 'known' && sequence === null) continue;
              const last = moment.at !== undefined && Date.parse(moment.at) < Date.parse(then) ? moment.at : then;
              const asOf = axis === 'at' ? { at: last, known: moment.known } : { at: moment.at, known: sequence! };
              const expected = naive(events, { moment: asOf, query: filter });
              expect([axis, by, then, quantity]).toEqual([axis, by, then, total(expected)]);
            }
            // From a moment on it is the end of the whole series.
            const from = rows[Math.floor(rows.length / 2)];
            if (
              from !== undefined &&
              (by === 'change' || by === 'week') &&
              !(axis === 'known' && from.sequence === null)
            ) {
              const begin = axis === 'at' ? { 'from-at': from.moment } : { 'from-known': from.sequence! };
              const rest = await pages(ledger, moment, (model, cursor) =>
                holdingsHistory(model, { ...filter, ...begin, axis, by, cursor }),
              );
              const known = (row: (typeof rows)[number]) =>
                axis === 'at' ? row.moment > from.moment : row.sequence === null || row.sequence > from.sequence!;
              const after = rows.slice(rows.indexOf(from) + 1).filter(known);
              const begins =
                rest[0] === undefined ? after.length : after.findIndex((row) => row.moment === rest[0]!.moment);
              expect([axis, by, rest]).toEqual([axis, by, after.slice(begins)]);
              expect(after.slice(0, begins).every(({ change }) => change === 0)).toBe(true);
            }
            if (by === 'change') expect(sum).toBe(total(naive(events, { moment, query: filter })));
          }
        }
      }
    }
  });

  it('say what units came instead of also at a moment before that was taken back, and no more since', async () => {
    const instead = { ...of('PO-1', '2'), substitutes: of('PO-1', '1') };
    const story = given(
      tell('item.registered', { item: 'H200', name: 'H200', tracking: 'quantity' }),
      placed('PO-1', 'tesla', 100, { quantity: 10, item: 'H200' }),
      dispatched('S-1', [{ ...of('PO-1', '2'), quantity: 2 }]),
      dispatched('S-2', [{ ...instead, quantity: 5 }]),
    );
    const told = story.ledger.events.length;
    expect(submitVoid(story.ledger, told, new Date('2023-12-02T12:00:00Z'))).toMatchObject({ ok: true });
    const ledger = 'instead';
    const events = story.ledger.events.map((event): LedgerEvent => ({ ...event, ledger }));
    const rowsOf = (moment: AskedAbout = {}) =>
      ask(ledger, moment, (model) => (moment.known === undefined ? holdings : holdingsThen)(model, { item: 'H200' }));
    await applyAll(db.models, events.slice(0, told));
    const said = await rowsOf();
    const [substitutes] = said.data.flatMap((row) => ('substitutes' in row ? [row.substitutes] : []));
    expect(substitutes).toEqual([{ order: 'PO-1', line: '1', item: 'H100' }]);
    await applyAll(db.models, events.slice(told));
    expect(await rowsOf({ known: told })).toEqual(said);
    const { data } = await rowsOf();
    expect(data.filter((row) => 'substitutes' in row)).toEqual([]);
    expect(await rowsOf({ known: told + 1 })).toEqual({ data, next: null });
  });

  it('have postings that sum to them, each with what was on its account after it', async () => {
    for (const { ledger, events } of ledgers) {
      for (const { moment, query } of questionsOf(events).slice(0, MOMENTS / 4)) {
        const { groupBy: _, ...filter } = query;
        const rows = await pages(ledger, moment, (model, cursor) => postings(model, { ...filter, cursor }));
        const balances = new Map<string, number>();
        for (const { owner, custodian, item, order, line, stage, shipment, quantity, balance } of rows) {
          const key = JSON.stringify([owner, custodian, item, order, line, stage, shipment]);
          balances.set(key, (balances.get(key) ?? 0) + quantity);
          expect([key, balance]).toEqual([key, balances.get(key)]);
        }
        const expected = naive(events, { moment, query: filter }).reduce((sum, { quantity }) => sum + quantity, 0);
        expect([...balances.values()].reduce((sum, quantity) => sum + quantity, 0)).toBe(expected);
      }
    }
  });
});

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const total = (rows: readonly { quantity: number }[]) => rows.reduce((sum, { quantity }) => sum + quantity, 0);
const nameOf = (row: Readonly<Partial<Record<HoldingKey, string | null | undefined>>>, keys: readonly HoldingKey[]) =>
  JSON.stringify([...new Set(keys)].map((key) => row[key]));
const quantities = (rows: readonly Row[], keys: readonly HoldingKey[]) =>
  new Map(rows.map((row) => [nameOf(row, keys), row.quantity]));

function rollsOf(n: number): number[] {
  return Array.from({ length: 997 }, (_, at) => (seed * 31 + n * 7919 + at * at * 104729 + at * 1299709) % 9_973);
}

function historyOf(n: number): LedgerEvent[] {
  const history = new History();
  for (let step = 0; step < 90; step++) {
    const dice = new Dice(rollsOf(n * 1000 + step));
    history.goesOn(dice, dice.chance(70) ? 0 : dice.roll(25));
  }
  return history.ledger.events.map((event) => ({ ...event, ledger: `h-${n}` }));
}

const sorted = (rows: readonly object[]) =>
  rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    )
    .sort();

/** The same from nothing but the events. */
function naive(events: readonly LedgerEvent[], { moment: { at, known = events.length }, query }: Question) {
  const chosen = events.filter(
    ({ sequence, time }) => sequence <= known && (at === undefined || Date.parse(time) <= Date.parse(at)),
  );
  const { groupBy, accounts, limit: _, ...filter } = query;
  const rows = foldHoldings(chosen)
    .filter(({ stage }) => accounts === 'all' || isPartiesStage(stage))
    .filter((row) => Object.entries(filter).every(([key, value]) => row[key as HoldingKey] === value))
    .map((row): Row => ({ ...row, ...negativeIf(row) }));
  if (groupBy === undefined) return rows;
  const keys = new Set(groupBy);
  const cells = ['owner', 'custodian', 'item', 'stage'];
  const totalled = [...keys, ...Object.keys(filter)].every((key) => cells.includes(key));
  const cell = ({ negative: _, ...row }: Row): Row => ({ ...row, ...negativeIf(row) });
  const parts = totalled ? summed(rows, cells as HoldingKey[]).map(cell) : rows;
  return summed(
    parts.filter(({ quantity }) => quantity !== 0),
    [...keys],
  );
}

const negativeIf = ({ quantity, stage }: Row): { negative?: true } =>
  quantity < 0 && !mayBeNegative(stage as Stage) ? { negative: true } : {};

type Row = Partial<Record<HoldingKey, string | null>> & { quantity: number; negative?: true };

/** Sums by these keys; below zero where a part of it is. */
function summed(rows: readonly Row[], keys: readonly HoldingKey[]): Row[] {
  const found = new Map<string, Row>();
  for (const row of rows) {
    const group = Object.fromEntries(keys.map((key) => [key, row[key]]));
    const key = JSON.stringify(group);
    const quantity = (found.get(key)?.quantity ?? 0) + row.quantity;
    const negative = row.negative ?? found.get(key)?.negative;
    found.set(key, { ...group, quantity, ...(negative && { negative }) });
  }
  return [...found.values()];
}
