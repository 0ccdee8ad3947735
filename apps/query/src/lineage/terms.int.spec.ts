import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LineageStep } from '#contracts/lineageRows';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { migrate } from '#platform/database/migrate';
import { accepted, executed, placed, proposed, tell, type Told } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { record } from '#test/projections/recorded';
import { lineage } from './lineage.ts';

const legs = [
  { from: 'tesla', to: 'x', order: 'PO-T', line: '1', quantity: 5 },
  { from: 'x', to: 'tesla', order: 'PO-X', line: '1', quantity: 5 },
];

describe('the terms of a swap, where units came from by it', () => {
  let db: FreshReadModels;
  const at = new Map<string, number>();
  beforeAll(async () => {
    const story = given();
    for (const order of [placed('PO-T', 'tesla', 5), placed('PO-X', 'x', 5)]) story.take(order, '2023-10-01T00:00:00Z');
    const take = (name: string, told: Told, day: string) => {
      story.take(told, `${day}T00:00:00Z`);
      at.set(name, story.ledger.events.at(-1)!.sequence);
    };
    const takeBack = (name: string) => {
      const { sequence, time } = story.ledger.events.find(({ sequence }) => sequence === at.get(name))!;
      story.take(tell('event.voided', { sequence, reason: 'did_not_occur' }), time);
    };
    take('first terms', proposed('SW', 'tesla', legs, { reason: 'first' }), '2023-11-01');
    take('first answer', accepted('SW', 'x'), '2023-11-02');
    takeBack('first answer');
    takeBack('first terms');
    take('terms', proposed('SW', 'x', legs, { reason: 'second' }), '2023-11-05');
    take('answer', accepted('SW', 'tesla'), '2023-11-02');
    takeBack('answer');
    take('answer again', accepted('SW', 'tesla'), '2023-11-06');
    // Told as earlier than what it stands on: at that moment nothing of it had been agreed.
    take('executed', executed('SW', 'x'), '2023-11-03');

    db = await freshReadModels();
    await migrate(db.url, journalMigrations);
    await record(db.pool, story.ledger.events);
    await db.apply(story.ledger.events, 500);
  });
  afterAll(() => db.drop());

  it('are those that stand: not those that were taken back, nor an answer to them', async () => {
    const agreement = async (day: string) => {
      const asOf = { at: `${day}T12:00:00.000000Z` };
      const { data } = await db.read((model) =>
        lineage({ ...model, asOf: { ...model.asOf, ...asOf } }, { owner: 'x', order: 'PO-T' }),
      );
      const steps: LineageStep[] = data.flatMap(({ branches }) => branches.flatMap((branch) => branch.steps));
      expect(steps.map(({ sequence }) => sequence)).toContain(at.get('executed'));
      return steps.find(({ sequence }) => sequence === at.get('executed'))?.agreement;
    };
    expect(await agreement('2023-11-04')).toBeNull();
    expect(await agreement('2023-11-05')).toMatchObject({ by: 'x', reason: 'second', accepted: ['x'] });
    expect(await agreement('2023-11-06')).toMatchObject({ by: 'x', reason: 'second', accepted: ['tesla', 'x'] });
  });
});
