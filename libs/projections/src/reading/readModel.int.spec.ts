import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placed } from '#test/ledger/facts';
import { projected, type Projected } from '#test/projections/projected';
import { appliedSequence } from './readModel.ts';

let db: Projected;
beforeAll(async () => {
  db = await projected(placed('PO-1', 'tesla', 10));
});
afterAll(() => db.drop());

describe('asking the read models', () => {
  it('a question has one moment: the one that it is given, and all that was applied is known', async () => {
    const occurred = new Date('2023-12-31T00:00:00Z');
    const { asOf, sequence } = await db.read(async (model) => model, occurred);
    expect(asOf).toEqual({ occurred, at: undefined, known: sequence });
    expect(sequence).toBe(db.story.ledger.events.length);
    expect(await appliedSequence(db.pool, 'nvidia')).toBe(sequence);
  });

  it('a question without a moment is about the time at which it is asked', async () => {
    const before = Date.now();
    const { occurred } = await db.read(async ({ asOf }) => asOf);
    expect(occurred.getTime()).toBeGreaterThanOrEqual(before);
    expect(occurred.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('of a ledger of which nothing was applied, nothing is known', async () => {
    expect(await appliedSequence(db.pool, 'unheard-of')).toBe(0);
  });
});
