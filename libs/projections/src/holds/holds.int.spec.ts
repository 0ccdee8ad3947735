import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Order } from '#ledger/entity';
import { isPartiesStage } from '#ledger/account';
import { accepted, dispatched, executed, of, placed, proposed, tell, type Told } from '#test/ledger/facts';
import { Dice, happens } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { projected, type Projected } from '#test/projections/projected';
import { seed } from '#test/setup/seed';
import { order, orders } from '../orders/queries.ts';
import { queue } from '../queue/queries.ts';
import { swap } from '../swaps/queries.ts';
import { available, hold, holds } from './queries.ts';

const T = of('PO-T', '1');
const UNTIL = '2023-12-10T00:00:00.000Z';
const BEFORE = new Date('2023-12-09T23:59:59.999Z');
const held = (name: string, quantity: number, until = UNTIL): Told =>
  tell('units.held', { hold: name, owner: 'tesla', purpose: 'Licence', until, lines: [{ ...T, quantity }] });
const swapped = [
  proposed('SW-1', 'x', [
    { from: 'tesla', to: 'x', ...T, quantity: 30 },
    { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 1 },
  ]),
  accepted('SW-1', 'tesla'),
];
const SWAPS_END = '2023-12-08T12:00:00.000Z';

describe('what is on hold', () => {
  let db: Projected;
  afterEach(() => db.drop());

  it('is shown in the order, the queue, the swap, the hold and what is available, until its moment comes', async () => {
    db = await projected(placed('PO-T', 'tesla', 100), placed('PO-X', 'x', 10), held('H-1', 20), ...swapped);
    const at = new Date('2023-12-02T00:00:00Z');
    const line = async (when: Date) => (await db.read((m) => order(m, 'PO-T'), when))!.lines[0]!;
    const bySwap = { owner: 'tesla', quantity: 30, swap: 'SW-1', hold: null, until: SWAPS_END };
    const byHold = { owner: 'tesla', quantity: 20, swap: null, hold: 'H-1', until: UNTIL };
    expect(await line(at)).toMatchObject({ onHold: 50, available: 50, holds: [bySwap, byHold] });
    expect(await line(new Date(SWAPS_END))).toMatchObject({ onHold: 20, available: 80, holds: [byHold] });
    expect(await line(BEFORE)).toMatchObject({ onHold: 20, available: 80 });
    expect(await line(new Date(UNTIL))).toMatchObject({ onHold: 0, available: 100, holds: [] });

    const place = async (when: Date) => (await db.read((m) => queue(m, 'H100', { owner: 'tesla' }), when)).data[0];
    expect(await place(at)).toMatchObject({ owner: 'tesla', ordered: 100, onHold: 50 });
    expect(await place(new Date(UNTIL))).toMatchObject({ onHold: 0 });

    const ofSwap = async (when: Date) => (await db.read((m) => swap(m, 'SW-1'), when))!.holdsUntil;
    expect([await ofSwap(at), await ofSwap(new Date(SWAPS_END))]).toEqual([SWAPS_END, null]);

    const free = async (when: Date) => (await db.read((m) => available(m, { item: 'H100' }), when)).data;
    expect(await free(at)).toEqual([
      { owner: 'tesla', item: 'H100', there: 100, onHold: 50, available: 50 },
      { owner: 'x', item: 'H100', there: 10, onHold: 1, available: 9 },
    ]);
    expect(await free(new Date(UNTIL))).toMatchObject([{ available: 100 }, { available: 10 }]);

    const row = {
      ...{ hold: 'H-1', owner: 'tesla', purpose: 'Licence', until: UNTIL, released: null },
      lines: [{ ...T, item: 'H100', quantity: 20, shipment: null, custodian: null, stage: null }],
    };
    expect(await db.read((m) => hold(m, 'H-1'), BEFORE)).toMatchObject({ ...row, status: 'open' });
    expect(await db.read((m) => hold(m, 'H-1'), new Date(UNTIL))).toMatchObject({ ...row, status: 'expired' });
    expect(await db.read((m) => hold(m, 'H-9'))).toBeUndefined();
  });

  it('is over with the release, the reallocation that names it, and the end of the swap', async () => {
    db = await projected(placed('PO-T', 'tesla', 100), placed('PO-X', 'x', 10), held('H-1', 20), held('H-2', 5));
    const reallocate = tell('reallocation.made', {
      ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'xai', hold: 'H-2' },
      lines: [{ ...T, quantity: 4 }],
    });
    await db.happens([...swapped, tell('units.released', { hold: 'H-1' }), reallocate]);
    const onHold = async () => (await db.read((m) => order(m, 'PO-T'), db.story.now))!.lines[0]!;
    expect(await onHold()).toMatchObject({ onHold: 30, available: 70, holds: [{ swap: 'SW-1' }] });
    await db.happens([executed('SW-1', 'x')]);
    expect(await onHold()).toMatchObject({ onHold: 0, available: 100, holds: [] });
    const all = (await db.read((m) => holds(m, { order: 'PO-T', item: 'H100' }), db.story.now)).data;
    expect(all.map(({ hold: name, status }) => [name, status])).toEqual([
      ['H-1', 'released'],
      ['H-2', 'released'],
    ]);
    expect((await db.read((m) => holds(m, { status: 'open' }), db.story.now)).data).toEqual([]);
    expect((await db.read((m) => holds(m, { owner: 'x' }))).data).toEqual([]);
  });

  it('is no more than is there, and what others call what holds it is not told to a party that may not read it', async () => {
    db = await projected(placed('PO-T', 'tesla', 100), placed('PO-X', 'x', 10), held('H-1', 60), ...swapped);
    await db.happens([
      dispatched('S-1', [{ ...T, quantity: 100 }]),
      tell('shipment.lost', { shipment: 'S-1', lines: [{ ...T, quantity: 80 }] }),
    ]);
    const seenBy = async (party: string) => {
      const lines = await db.read((m) => orders({ ...m, party }, {}), db.story.now);
      return lines.data.find((one) => one.order === 'PO-T')?.lines[0];
    };
    const names = (swaps: string | null, hold_: string | null) => [
      { quantity: 30, swap: swaps, hold: null },
      { quantity: 60, swap: null, hold: hold_ },
    ];
    expect(await seenBy('tesla')).toMatchObject({ onHold: 20, available: 0, holds: names('SW-1', 'H-1') });
    expect(await seenBy('nvidia')).toMatchObject({ onHold: 20, available: 0, holds: names('SW-1', null) });
    for (const party of ['nvidia', 'x', 'xai']) {
      expect(await db.read((m) => hold({ ...m, party }, 'H-1'))).toBeUndefined();
      expect((await db.read((m) => holds({ ...m, party }, {}))).data).toEqual([]);
      expect((await db.read((m) => available({ ...m, party }, {}))).data.map(({ owner }) => owner)).toEqual(
        party === 'x' ? ['x'] : [],
      );
    }
    const events = async (party: string) => {
      const { rows } = await db.pool.query<{ sequence: number }>(
        'SELECT sequence FROM rm_1.event_parties WHERE party = $1',
        [party],
      );
      return rows.map(({ sequence }) => db.story.ledger.events[sequence - 1]!.type);
    };
    expect(await events('tesla')).toContain('lading.units.held.v1');
    expect(await events('nvidia')).not.toContain('lading.units.held.v1');
  });
});

describe('after random histories', () => {
  let db: FreshReadModels;
  beforeAll(async () => {
    db = await freshReadModels();
  });
  afterAll(() => db.drop());

  it('what is on hold of each line is what the ledger itself holds then', async () => {
    let some = 0;
    for (let run = 0; run < 6; run++) {
      const ledger = `l-${run}`;
      const history = new History();
      for (let step = 0; step < 50; step++) {
        const rolls = Array.from({ length: 20 }, (_, at) => (seed + run * 7919 + step * 104729 + at * 1299709) % 9_999);
        history.happens(happens(new Dice(rolls), history.model));
      }
      await db.apply(
        history.ledger.events.map((event) => ({ ...event, ledger })),
        3 + run,
      );
      const now = history.model.now;
      const shown = (await db.read((m) => orders({ ...m, ledger }, { limit: 1000 }), now)).data;
      for (const { order: name, lines } of shown) {
        const state = history.ledger.entity(`order/${name}`) as Order;
        for (const [at, row] of lines.entries()) {
          const { holds: all, accounts } = state.lines[at]!;
          const open = all.filter(({ until }) => Date.parse(until) > now.getTime());
          const sum = (list: readonly { owner: string; quantity: number }[], owner: string) =>
            list.filter((one) => one.owner === owner).reduce((units, { quantity }) => units + quantity, 0);
          const there = [...accounts.values()].filter(({ stage }) => isPartiesStage(stage));
          const owners = [...new Set(there.map(({ owner }) => owner))];
          const onHold = owners.reduce((units, owner) => units + Math.min(sum(there, owner), sum(open, owner)), 0);
          expect([run, name, row.line, row.onHold]).toEqual([run, name, row.line, onHold]);
          expect(row.available).toBe(there.reduce((units, { quantity }) => units + quantity, 0) - onHold);
          some += onHold;
        }
      }
      const free = (await db.read((m) => available({ ...m, ledger }, { limit: 1000 }), now)).data;
      const total = (rows: readonly { onHold: number }[]) => rows.reduce((units, row) => units + row.onHold, 0);
      expect(total(free)).toBe(total(shown.flatMap(({ lines }) => lines)));
    }
    expect(some).toBeGreaterThan(0);
  });
});
