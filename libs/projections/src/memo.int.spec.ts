import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { FlagRow } from '#contracts/flagRows';
import { HoldingRow, OrderRow, PartyRow, QueueRow, ShipmentRow, SwapRow } from '#contracts/rows';
import type { Command } from '#ledger/command';
import { Sandbox } from '#ledger/sandbox';
import { asNvidia } from '#test/ledger/facts';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { flag, flags } from './flags/queries.ts';
import { holdings } from './holdings/queries.ts';
import { orders } from './orders/queries.ts';
import { parties, party } from './parties/queries.ts';
import { queue } from './queue/queries.ts';
import { shipments } from './shipments/queries.ts';
import { swap, swaps } from './swaps/queries.ts';

const told = (file: string): readonly Command[] =>
  JSON.parse(
    readFileSync(new URL(`../../../apps/cli/src/scenarios/memo/${file}.json`, import.meta.url), 'utf8'),
  ) as Command[];

describe('the read models of the memo', () => {
  const NOW = new Date('2024-07-01T00:00:00Z');
  const ledger = new Sandbox(asNvidia);
  let db: FreshReadModels;

  const play = async (...files: string[]) => {
    const from = ledger.events.length;
    if (from === 0) {
      const opened = {
        source: 'urn:lading:test',
        type: 'lading.ledger.opened.v1',
        data: { name: 'Nvidia', keeper: 'nvidia' },
        time: '2023-01-01T00:00:00Z',
      } as const;
      ledger.submit(opened, new Date(opened.time));
    }
    for (const command of files.flatMap(told)) {
      const decision = ledger.submit(command, new Date(command.time));
      if (!decision.ok) throw new Error(decision.detail);
    }
    await db.apply(ledger.events.slice(from));
  };
  const rules = async (at: string) => (await db.read((m) => flags(m, {}), new Date(at))).data.map(({ rule }) => rule);
  const owned = async (id: string) => (await db.read((m) => party(m, id), NOW))?.holdings;
  const zeroSum = async () => {
    const { data } = await db.read((m) => holdings(m, { groupBy: ['item'], accounts: 'all' }));
    expect(data).toEqual([{ item: 'H100', quantity: 0 }]);
  };
  beforeAll(async () => {
    db = await freshReadModels();
  });
  afterAll(() => db.drop());

  it('up to the memo: Tesla owns 12,000 in transit, X is promised 12,000, nothing is flagged', async () => {
    await play('1-up-to-the-memo');
    expect(await owned('tesla')).toEqual([{ item: 'H100', ordered: 0, in_transit: 12000, held: 0, damaged: 0 }]);
    expect(await owned('x')).toEqual([{ item: 'H100', ordered: 12000, in_transit: 0, held: 0, damaged: 0 }]);
    expect(await rules('2023-12-17T00:00:00Z')).toEqual([]);
    const { data } = await db.read((m) => queue(m, 'H100', {}));
    expect(data.map(({ position, order, line, owner }) => [position, order, line, owner])).toEqual([
      [1, 'PO-TSLA-1', '1', 'tesla'],
      [2, 'PO-X-1', '1', 'x'],
      [3, 'PO-X-1', '2', 'x'],
    ]);
    await zeroSum();
  });

  it('the memo: X holds 12,000, Tesla is promised 6,000 + 6,000 and owed 12,000', async () => {
    await play('2-the-memo');
    expect(await owned('tesla')).toEqual([{ item: 'H100', ordered: 12000, in_transit: 0, held: 0, damaged: 0 }]);
    expect(await owned('x')).toEqual([{ item: 'H100', ordered: 0, in_transit: 0, held: 12000, damaged: 0 }]);
    // X received at 16:00 on 28 December: two days and a third earlier.
    const at = new Date('2023-12-31T00:00:00Z');
    expect((await db.read((m) => swap(m, 'SW-1'), at))?.balance).toEqual([
      { party: 'tesla', item: 'H100', given: 12000, received: 0, units: 12000, unitDays: 28000 },
      { party: 'x', item: 'H100', given: 0, received: 12000, units: -12000, unitDays: -28000 },
    ]);
    expect(await rules('2023-12-31T00:00:00Z')).toEqual(['related-party', 'redirected']);
    await zeroSum();
  });

  it("what if January's reach Tesla and June's are late: on 1 July Tesla is owed 6,000 and June's leg is overdue", async () => {
    await play('3-what-if');
    expect(await owned('tesla')).toEqual([{ item: 'H100', ordered: 6000, in_transit: 0, held: 6000, damaged: 0 }]);
    const row = await db.read((m) => swap(m, 'SW-1'), NOW);
    expect(row?.balance[0]).toMatchObject({ party: 'tesla', given: 12000, received: 6000, units: 6000 });
    expect(row?.legs.map(({ received, missing, overdue }) => [received, missing, overdue])).toEqual([
      [12000, 0, false],
      [6000, 0, false],
      [0, 6000, true],
    ]);
    expect(row?.legs[2]?.window).toEqual({ from: '2024-06-01', to: '2024-06-30' });
    expect(await rules('2024-07-01T00:00:00Z')).toEqual([
      'one-sided-swap',
      'overdue-leg',
      'related-party',
      'redirected',
      'redirected',
    ]);
    const oneSided = await db.read((m) => flag(m, 'one-sided-swap:SW-1:tesla:H100'), NOW);
    expect(oneSided?.facts).toMatchObject({ party: 'tesla', given: 12000, received: 6000, missing: 6000 });
    await zeroSum();
  });

  it("flags are judged by the clock that they are asked at: a moment before the window's end nothing is overdue", async () => {
    expect(await rules('2024-06-30T23:59:59Z')).toEqual(['related-party', 'redirected', 'redirected']);
    expect(await rules('2023-12-18T12:00:00Z')).toEqual(['related-party', 'redirected', 'redirected']);
    expect((await db.read((m) => swap(m, 'SW-1'), new Date('2023-12-28T00:00:00Z')))?.balance).toEqual([
      { party: 'tesla', item: 'H100', given: 0, received: 0, units: 0, unitDays: 0 },
      { party: 'x', item: 'H100', given: 0, received: 0, units: 0, unitDays: 0 },
    ]);
  });

  it('every list answers rows of the contract, with no field more or less', async () => {
    const read = <T>(list: Promise<{ data: readonly T[] }>) => list.then(({ data }) => data);
    await db.read(async (m) => {
      for (const row of await read(holdings(m, { accounts: 'all' }))) HoldingRow.strict().parse(row);
      for (const row of await read(orders(m, {}))) OrderRow.strict().parse(row);
      for (const row of await read(parties(m, {}))) PartyRow.strict().parse(row);
      for (const row of await read(queue(m, 'H100', {}))) QueueRow.strict().parse(row);
      for (const row of await read(shipments(m, {}))) ShipmentRow.strict().parse(row);
      for (const row of await read(swaps(m, {}))) SwapRow.strict().parse(row);
      for (const row of await read(flags(m, {}))) FlagRow.strict().parse(row);
    }, NOW);
  });
});
