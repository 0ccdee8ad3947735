import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Feed } from '#feed/feed';
import { JournalFeed } from '#feed/journal';
import { eventually } from '#test/feed/eventually';
import { append } from '#test/feed/seedJournal';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { published } from '#test/projections/published';
import { Projector } from './projector.ts';

describe('a projector does not stop in silence', () => {
  let db: FreshReadModels;
  const events = [...manyEvents(250, 20)];
  const journal = (): Feed => new JournalFeed({ pool: db.pool, url: db.url, name: 'lading feed of the test' });
  const reaches = (sequence: number) =>
    eventually(async () => {
      expect(await db.read(async (model) => model.sequence)).toBe(sequence);
    });

  beforeEach(async () => {
    db = await freshReadModels(LEDGER);
  });
  afterEach(() => db.drop());

  it.each([
    ['with an error', () => Promise.reject(new Error('nobody foresaw this'))],
    ['without one', () => Promise.resolve()],
  ])('a feed that ends %s is said, and is started again', async (_how, end) => {
    await append(db.pool, published(events));
    const ended: Feed = { run: end, stop: async () => undefined, state: () => ({ state: 'stopped', parked: [] }) };
    // It ends again and again, until that was seen.
    let isSeen = false;
    const projector = new Projector({ pool: db.pool, url: db.url, feed: () => (isSeen ? journal() : ended) });
    const run = projector.run();
    await eventually(() => {
      expect(projector.state()).toMatchObject({
        state: 'retrying',
        reason: expect.stringMatching(/^a feed has ended/),
      });
    });
    isSeen = true;
    await reaches(events.length);
    await eventually(() => {
      expect(projector.state().state).toBe('running');
    });
    await projector.stop();
    await run;
  });

  it('a projector whose sessions in the database are all ended goes on by itself', async () => {
    await append(db.pool, published(events.slice(0, 220)));
    const projector = new Projector({ pool: db.pool, url: db.url, feed: journal });
    const run = projector.run();
    await reaches(220);
    await db.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`,
    );
    await append(db.pool, published(events.slice(220)), { notify: false });
    await reaches(events.length);
    await eventually(() => {
      expect(projector.state()).toEqual({ state: 'running', parked: [] });
    });
    await projector.stop();
    await run;
  });
});
