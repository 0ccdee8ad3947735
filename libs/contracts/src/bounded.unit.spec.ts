import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalog } from './catalog.ts';
import { MAX_LINES, stopEarly } from './bounded.ts';

const line = { order: 'PO-1', line: '1', quantity: 1 };
const dispatched = (lines: unknown) => ({ shipment: 'S-1', consignee: 'x', carrier: 'dhl', lines });
const issuesOf = (lines: unknown) =>
  catalog['lading.shipment.dispatched.v1'].submitted.safeParse(dispatched(lines)).error?.issues ?? [];

describe('the lists of an event', () => {
  it('are checked no further than their first wrong entries, however many are wrong', () => {
    for (const wrong of [1, {}, null, { ...line, serials: [1] }]) {
      const issues = issuesOf(Array.from({ length: 30_000 }, () => wrong));
      expect(issues.length).toBeGreaterThanOrEqual(10);
      expect(issues.length).toBeLessThan(100);
    }
    for (const wrong of [1, {}, 'ä']) {
      const serials = Array.from({ length: 15_000 }, () => wrong);
      expect(JSON.stringify(issuesOf([{ ...line, serials }])).length).toBeLessThan(100_000);
    }
  });

  it('name a wrong entry by its place, wherever it stands', () => {
    const lines = Array.from({ length: MAX_LINES }, (_, at) => (at === 133 ? { ...line, quantity: 0 } : line));
    expect(issuesOf(lines)).toMatchObject([{ path: ['lines', 133, 'quantity'] }]);
    const serials = Array.from({ length: 500 }, (_, at) => (at === 444 ? ' a' : `n${at}`));
    expect(issuesOf([{ ...line, serials }])).toMatchObject([{ path: ['lines', 0, 'serials', 444] }]);
  });

  it('are taken as they are when nothing is wrong with them, with and without bounds of their own', () => {
    for (const list of [z.array(z.string()), z.array(z.string()).min(1).max(100)]) {
      stopEarly(list);
      const value = Array.from({ length: 100 }, (_, at) => String(at));
      expect(list.parse(value)).toEqual(value);
      expect(list.safeParse([...value, ...value]).success).toBe(list.safeParse(['1', ...value]).success);
    }
    const lines = Array.from({ length: MAX_LINES }, () => line);
    expect(catalog['lading.shipment.dispatched.v1'].submitted.parse(dispatched(lines)).lines).toEqual(lines);
  });
});
