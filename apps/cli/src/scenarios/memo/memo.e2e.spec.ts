import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEMO_LEDGER, type Played, playMemo } from '../../demo/playMemo.ts';
import type { ActivityRow } from '#contracts/activityRows';
import type { HoldingDiffRow } from '#contracts/changeRows';
import type { LineageRow } from '#contracts/lineageRows';
import type { HoldingGroupRow, PostingRow, SwapRow } from '#contracts/rows';
import { flags } from '#projections/flags/queries';
import { withReadModels } from '#projections/reading/readModel';
import { swap } from '#projections/swaps/queries';
import { askLading } from '#test/cli/runLading';
import { type Lading, startLading } from '#test/setup/startLading';

/** The moment before anything is late. */
const CHRISTMAS = new Date('2023-12-25T00:00:00Z');
/** The moment after the memo was carried out, and the one that the what-if asks about. */
const NEW_YEAR = new Date('2024-01-01T00:00:00Z');
const JULY = new Date('2024-07-01T00:00:00Z');

describe('the memo, played over HTTP step by step', () => {
  let lading: Lading;
  let steps: AsyncGenerator<Played>;
  let sequence = 0;

  beforeAll(async () => {
    lading = await startLading();
    steps = playMemo(lading.client);
  });
  afterAll(() => lading.stop());

  const play = async () => {
    const step = await steps.next();
    sequence = (step.value as Played).sequence;
  };
  const ask = <R>(path: string) =>
    lading.client.list<R>(
      `/v1/ledgers/${MEMO_LEDGER}/${path}${path.includes('known=') ? '' : `${path.includes('?') ? '&' : '?'}min-sequence=${String(sequence)}`}`,
    );
  const units = async (owner: string, stage: string) => {
    const rows = await ask<HoldingGroupRow>(`holdings?owner=${owner}&stage=${stage}&item=H100&groupBy=owner,item`);
    return rows.reduce((sum, { quantity }) => sum + quantity, 0);
  };
  const swapAt = async (at: Date): Promise<SwapRow | undefined> => {
    await ask('swaps');
    return withReadModels(lading.pool, MEMO_LEDGER, (model) => swap(model, 'SW-1'), { occurred: at });
  };
  const rulesAt = async (at: Date): Promise<string[]> => {
    await ask('flags');
    const page = await withReadModels(lading.pool, MEMO_LEDGER, (model) => flags(model, {}), { occurred: at });
    return [...new Set(page.data.map(({ rule }) => rule))].sort();
  };
  const expectZeroSum = async () => {
    const rows = await ask<HoldingGroupRow>('holdings?accounts=all&groupBy=item');
    expect(rows).toEqual([{ item: 'H100', quantity: 0 }]);
  };

  it('1: Tesla is the owner of 12,000 in transit, X is promised 12,000, and nothing is flagged', async () => {
    await play();
    expect(await units('tesla', 'in_transit')).toBe(12_000);
    expect(await units('x', 'ordered')).toBe(12_000);
    expect(await rulesAt(CHRISTMAS)).toEqual([]);
    await expectZeroSum();
  });

  it('2: X holds 12,000 and is promised 0; Tesla holds 0 and is promised 6,000 + 6,000', async () => {
    await play();
    expect(await units('x', 'held')).toBe(12_000);
    expect(await units('x', 'ordered')).toBe(0);
    expect(await units('tesla', 'held')).toBe(0);
    const promised = await ask<HoldingGroupRow>('holdings?owner=tesla&stage=ordered&groupBy=order,line');
    expect(promised).toEqual([
      { order: 'PO-X-1', line: '1', quantity: 6_000 },
      { order: 'PO-X-1', line: '2', quantity: 6_000 },
    ]);
    await expectZeroSum();
  });

  it('2: SW-1 shows Tesla with 12,000 given, 0 received and 12,000 owed to it, X with the reverse', async () => {
    const executed = await swapAt(NEW_YEAR);
    expect(executed).toMatchObject({ status: 'executed', by: 'x', accepted: expect.arrayContaining(['tesla', 'x']) });
    expect(executed?.balance).toEqual([
      expect.objectContaining({ party: 'tesla', item: 'H100', given: 12_000, received: 0, units: 12_000 }),
      expect.objectContaining({ party: 'x', item: 'H100', given: 0, received: 12_000, units: -12_000 }),
    ]);
  });

  it("2: why X holds 12,000: Tesla ordered them, they were on their way, and X's swap, which Tesla accepted, brought them to X", async () => {
    const rows = await ask<LineageRow>('holdings/lineage?owner=x&stage=held');
    const [way, ...others] = rows.flatMap(({ branches }) => branches);
    expect(others).toEqual([]);
    expect([way?.quantity, way?.steps.map(({ type, by }) => [type.split('.').slice(1, 3).join(' '), by])]).toEqual([
      12_000,
      [
        ['order placed', 'tesla'],
        ['shipment dispatched', 'nvidia'],
        ['swap executed', 'nvidia'],
        ['shipment received', 'x'],
      ],
    ]);
    expect(way?.steps[2]?.agreement).toMatchObject({
      ...{ swap: 'SW-1', by: 'x', accepted: ['tesla', 'x'], authorisedBy: 'elon-musk' },
      evidence: [{ kind: 'memo', uri: 'urn:lading:evidence:supplier-memo-2023-12' }],
    });
    const promised = await ask<LineageRow>('holdings/lineage?owner=tesla&stage=ordered');
    expect(promised.map(({ order, quantity, branches }) => [order, quantity, branches[0]?.steps[0]?.by])).toEqual([
      ['PO-X-1', 6_000, 'x'],
      ['PO-X-1', 6_000, 'x'],
    ]);
    const before = await ask<LineageRow>('holdings/lineage?owner=x&at=2023-12-18');
    expect(before.map(({ order, stage }) => [order, stage])).toEqual([
      ['PO-X-1', 'ordered'],
      ['PO-X-1', 'ordered'],
    ]);
  });

  it('2: the deal between related parties and the redirected units are flagged, and no diversion', async () => {
    expect(await rulesAt(NEW_YEAR)).toEqual(['redirected', 'related-party']);
  });

  it("3: asked at 1 July 2024, Tesla holds 6,000, is owed 6,000, and June's leg alone is overdue", async () => {
    await play();
    expect(await units('tesla', 'held')).toBe(6_000);
    expect(await units('tesla', 'ordered')).toBe(6_000);
    const then = await swapAt(JULY);
    expect(then?.balance.find(({ party }) => party === 'tesla')).toMatchObject({
      given: 12_000,
      received: 6_000,
      units: 6_000,
    });
    expect(then?.legs.map(({ order, line, missing, overdue }) => ({ order, line, missing, overdue }))).toEqual([
      { order: 'PO-TSLA-1', line: '1', missing: 0, overdue: false },
      { order: 'PO-X-1', line: '1', missing: 0, overdue: false },
      { order: 'PO-X-1', line: '2', missing: 6_000, overdue: true },
    ]);
    await expectZeroSum();
  });

  it("3: June's leg is not overdue before its window is over, whatever was promised since", async () => {
    const before = await swapAt(new Date('2024-06-30T23:59:59Z'));
    expect(before?.legs[2]).toMatchObject({ window: { from: '2024-06-01', to: '2024-06-30' }, overdue: false });
  });

  it('3: the overdue leg and the one-sided swap are flagged at that moment, and still no diversion', async () => {
    expect(await rulesAt(JULY)).toEqual(['one-sided-swap', 'overdue-leg', 'redirected', 'related-party']);
  });

  it('3: what Tesla lacked, in unit-days: 12,000 for 33 days, then 6,000 until it is asked', async () => {
    const then = await swapAt(JULY);
    // 28 December 16:00 to 30 January 15:00 is 32.958 days; from there to 1 July 00:00 are 152.375.
    const expected = 12_000 * (32 + 23 / 24) + 6_000 * (152 + 9 / 24);
    expect(then?.balance[0]?.unitDays).toBeCloseTo(expected, 0);
  });

  describe("an auditor's morning", () => {
    /** The sequences up to which the ledger had been told: all but the late fact, that fact as it was told wrong, and right. */
    let [told, wrong, right] = [0, 0, 0];
    const inHands = async (known: number, at = '2023-12-31') =>
      (await ask<HoldingGroupRow>(`holdings?owner=x&stage=held&groupBy=owner,custodian&at=${at}&known=${known}`)).map(
        ({ custodian, quantity }) => [custodian, quantity],
      );

    it('a fact comes late and is told wrong, then it is taken back and told right: today, X has its 12,000 as before', async () => {
      told = sequence;
      await play();
      wrong = sequence;
      await play();
      right = sequence;
      expect(await units('x', 'held')).toBe(12_000);
      expect(await ask('holdings?owner=x&stage=held')).toMatchObject([{ custodian: 'x', quantity: 12_000 }]);
      expect(await rulesAt(JULY)).toEqual(['one-sided-swap', 'overdue-leg', 'redirected', 'related-party']);
      await expectZeroSum();
    });

    it('what was believed about 31 December: that X had all 12,000; then that xAI had 4,000 of them; now, that it had 1,000', async () => {
      expect(await inHands(told)).toEqual([['x', 12_000]]);
      expect(await inHands(wrong)).toEqual([
        ['x', 8_000],
        ['xai', 4_000],
      ]);
      expect(await inHands(right)).toEqual([
        ['x', 11_000],
        ['xai', 1_000],
      ]);
      expect(await inHands(right, '2024-02-29')).toEqual([['x', 12_000]]);
    });

    it('which facts came late, and what changed by them: the events are named, with both numbers', async () => {
      const changed = await ask<HoldingDiffRow>(
        `holdings/diff?owner=x&groupBy=custodian&from-known=${told}&at=2023-12-31&known=${right}`,
      );
      expect(
        changed.map(({ custodian, before, after, events }) => [
          custodian,
          before,
          after,
          events.map((e) => e.sequence),
        ]),
      ).toEqual([
        ['x', 12_000, 11_000, [wrong, wrong + 1, wrong + 2]],
        ['xai', 0, 1_000, [wrong, wrong + 1, wrong + 2]],
      ]);
      expect(changed[0]?.events.map(({ voidedBy, voids }) => [voidedBy, voids])).toEqual([
        [wrong + 1, null],
        [null, wrong],
        [null, null],
      ]);
      const lines = await ask<PostingRow>(`holdings/postings?owner=x&custodian=xai&known=${wrong + 1}`);
      expect(lines.map((row) => [row.sequence, row.quantity, row.voidedBy, row.voids])).toEqual([
        [wrong, 4_000, wrong + 1, null],
        [wrong + 1, -4_000, null, wrong],
      ]);
      const late = await ask<ActivityRow>(`activity?known=${right}`);
      expect(
        late
          .filter((row) => row.sequence > told)
          .sort((a, b) => a.sequence - b.sequence)
          .map((row) => [row.sequence, row.occurred.slice(0, 10), row.voidedBy, row.voids]),
      ).toEqual([
        [wrong, '2023-12-29', wrong + 1, null],
        [wrong + 1, '2023-12-29', null, wrong],
        [wrong + 2, '2023-12-29', null, null],
        [right, '2024-02-05', null, null],
      ]);
    });

    it("why X holds its 12,000, and on whose authority: all began as Tesla's order and came by SW-1; 1,000 were at xAI on the way", async () => {
      const [row, ...others] = await ask<LineageRow>('holdings/lineage?owner=x&stage=held');
      expect([row?.quantity, others]).toEqual([12_000, []]);
      const ways = row!.branches.map(({ quantity, steps }) => ({ quantity, steps }));
      expect(ways.map(({ quantity, steps }) => [quantity, steps[0]?.by, steps.length]).sort()).toEqual([
        [1_000, 'tesla', 6],
        [11_000, 'tesla', 4],
      ]);
      for (const { steps } of ways)
        expect(steps[2]?.agreement).toMatchObject({
          swap: 'SW-1',
          authorisedBy: 'elon-musk',
          accepted: ['tesla', 'x'],
        });
    });
  });

  it('lading void says what stands on an event, and takes all of it back in one batch, which may be tried first', async () => {
    const run = (...args: string[]) => askLading(['void', '10', '-l', MEMO_LEDGER, ...args], lading.environment);
    const refused = await run();
    expect(refused).toMatchObject({ code: 3, output: '' });
    expect(refused.said).toMatch(/\(depends-on-it\)[^]*\n {2}14 lading\.swap\.executed\.v1 \(needs .*\)[^]*With --all/);
    const tried = await run('--all', '--dry-run');
    expect(tried).toMatchObject({ code: 0, said: '' });
    const told = tried.output.trimEnd().split('\n');
    expect(told.at(-1)).toMatch(/^the void of event 10 would be recorded, as event \d+$/);
    expect(told.length).toBeGreaterThan(5);
    expect(await run('--corrections', 'no-such-file')).toMatchObject({ code: 2 });
    expect(await askLading(['void', '1', '-l', MEMO_LEDGER], lading.environment)).toMatchObject({
      code: 3,
      said: expect.stringContaining('The opening of a ledger is not taken back: all its events stand on it; nothing'),
    });
  });

  it('records nothing twice when it is played again', async () => {
    const { sequence: before } = await lading.client.get<{ sequence: number }>(`/v1/ledgers/${MEMO_LEDGER}/holdings`);
    let recorded = 0;
    for await (const step of playMemo(lading.client)) recorded += step.recorded;
    expect(recorded).toBe(0);
    const after = await lading.client.get<{ sequence: number }>(`/v1/ledgers/${MEMO_LEDGER}/holdings`);
    expect(after.sequence).toBe(before);
  });
});
