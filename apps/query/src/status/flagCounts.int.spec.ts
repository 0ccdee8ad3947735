import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { type QueryService, startQuery } from '#test/setup/startQuery';

let query: QueryService;
beforeAll(async () => {
  query = await startQuery();
  await query.play('memo/1-up-to-the-memo');
  await query.play('memo/2-the-memo');
});
afterAll(() => query.stop());

describe('the metrics', () => {
  it('count the flags of each rule that are up, those that the clock raises too, and say 0 where there are none', async () => {
    const { body } = await query.get('/v1/ledgers/nvidia/flags?limit=1000');
    const up = (rule: string) => body.data.filter((flag) => flag.rule === rule).length;
    const counts = new Map<string, number>();
    while (counts.size === 0) {
      const text = (await query.get('/metrics')).bytes.toString();
      for (const [, labels = '', count] of text.matchAll(/^lading_flags\{(.*)\} (\d+)$/gm)) {
        expect(labels).toContain('ledger="nvidia"');
        counts.set(/rule="([a-z-]+)"/.exec(labels)?.[1] ?? '', Number(count));
      }
      await sleep(10);
    }
    for (const [rule, count] of counts) expect({ rule, count }).toEqual({ rule, count: up(rule) });
    expect(counts.get('overdue-line')).toBeGreaterThan(0);
    expect(counts.get('overdue-leg')).toBeGreaterThan(0);
    expect(counts.get('diversion')).toBe(0);
  });
});
