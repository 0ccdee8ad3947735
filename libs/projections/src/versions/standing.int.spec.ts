import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Feed } from '#feed/feed';
import { JournalFeed } from '#feed/journal';
import { KafkaFeed } from '#feed/kafka';
import { silent } from '#feed/observer';
import { eventually } from '#test/feed/eventually';
import { append } from '#test/feed/seedJournal';
import { Topics } from '#test/feed/topics';
import { fed, type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { published } from '#test/projections/published';
import { rowsOf } from '#test/projections/rowsOf';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { ReadModels } from '../readModels.ts';
import { Projector } from './projector.ts';
import { rebuild, RebuildFailed } from './rebuild.ts';
import { projectionStatus } from './status.ts';
import { switchTo } from './switch.ts';
import { ensureActive, startVersion, versions } from './versions.ts';

const COUNT = 400;
const events = [...manyEvents(COUNT, 40)];

/** The same events in another ledger, one of which can never be applied: it moves units of an order that nobody placed. */
function poisonedIn(ledger: string, sequence: number, count = sequence + 5): LedgerEvent[] {
  const all = events.slice(0, count).map((event) => ({ ...event, ledger }));
  return all.map((event) => {
    if (event.sequence !== sequence) return event;
    const place = { owner: 'a', custodian: 'b', stage: 'held' };
    const move = { item: 'H100', order: 'PO-NONE', line: '1', quantity: 1, from: place, to: place };
    return { ...event, data: { ...event.data, moves: [move] } } as unknown as LedgerEvent;
  });
}

describe('one ledger that stands still stops nobody else', () => {
  let db: FreshReadModels;
  const projectors: Projector[] = [];
  const journal = (): Feed => new JournalFeed({ pool: db.pool, url: db.url, batch: 90, pollEvery: 50 });
  const start = (options: Partial<ConstructorParameters<typeof Projector>[0]> = {}): Projector => {
    const projector = new Projector({ pool: db.pool, url: db.url, feed: journal, ...options });
    void projector.run();
    projectors.push(projector);
    return projector;
  };
  const stopAll = () => Promise.all(projectors.splice(0).map((projector) => projector.stop()));
  const standing = async (version: number) =>
    (await projectionStatus(db.pool))
      .filter((row) => row.version === version && row.state !== 'rebuilding')
      .filter(({ state }) => state === 'parked' || state === 'hole')
      .map(({ ledger, sequence }) => [ledger, sequence]);
  const reaches = (version: number, ledger: string, sequence: number) =>
    eventually(async () => {
      const rows = await projectionStatus(db.pool);
      const row = rows.find((one) => one.version === version && one.ledger === ledger);
      expect([version, ledger, row?.sequence]).toEqual([version, ledger, sequence]);
    });
  const states = async () => (await versions(db.pool)).map(({ version, state }) => [version, state]);

  beforeEach(async () => {
    db = await freshReadModels(LEDGER);
  });
  afterEach(async () => {
    await stopAll();
    await db.drop();
  });

  it('a rebuild without a projector goes on for all others, and says which ledgers stand still: at the first event, and later', async () => {
    await append(db.pool, published([...events, ...poisonedIn('first', 1), ...poisonedIn('later', 300)]));
    start();
    await reaches(1, LEDGER, COUNT);
    await reaches(1, 'later', 299);
    await eventually(async () => {
      expect(await standing(1)).toEqual([
        ['first', 0],
        ['later', 299],
      ]);
    });
    await stopAll();
    const rebuilt = await rebuild({ pool: db.pool, feeds: [journal], patience: 0 });
    expect(rebuilt).toMatchObject({
      version: 2,
      standing: [
        { ledger: 'first', sequence: 0, reason: expect.stringMatching(/^event 1 .* cannot be applied/) },
        { ledger: 'later', sequence: 299, reason: expect.stringMatching(/^event 300 .* cannot be applied/) },
      ],
    });
    expect(await ensureActive(db.pool)).toBe(2);
    expect(await rowsOf(db.pool, 2)).toEqual(await rowsOf(db.pool, 1));
  });

  it('a running projector rebuilds while a ledger stands still and events keep coming to it and to the others', async () => {
    await append(db.pool, published([...events.slice(0, 200), ...poisonedIn('later', 30)]));
    start();
    await eventually(async () => {
      expect(await standing(1)).toEqual([['later', 29]]);
    });
    const writing = (async () => {
      const rest = poisonedIn('later', 30, 385).slice(35);
      for (let at = 200; at < COUNT; at += 20)
        await append(db.pool, published([...events.slice(at, at + 20), ...rest.slice(at - 200, at - 180)]));
    })();
    const rebuilt = await rebuild({ pool: db.pool, feeds: [journal], patience: 300_000 });
    expect(rebuilt).toMatchObject({ by: 'projector', standing: [{ ledger: 'later', sequence: 29 }] });
    await writing;
    await reaches(2, LEDGER, COUNT);
    expect(await standing(2)).toEqual([['later', 29]]);
  });

  it('a release with other tables takes over though every ledger there is stands still, and the old release still feeds its version', async () => {
    await append(db.pool, published(poisonedIn('only', 7)));
    const old = journal();
    void old.run(db.models);
    await eventually(async () => {
      expect(await standing(1)).toEqual([['only', 6]]);
    });
    await db.pool.query(`UPDATE read_model_versions SET shape = 'of the old release'`);
    const projector = start();
    await eventually(async () => {
      expect(await states()).toEqual([
        [1, 'retired'],
        [2, 'active'],
      ]);
    });
    expect(await standing(2)).toEqual([['only', 6]]);
    await eventually(() => {
      expect(projector.state()).toMatchObject({ state: 'running', parked: [{ ledger: 'only', sequence: 6 }] });
    });
    await old.stop();
  });

  it('a ledger that stands still goes on by itself after a restart with code that can apply its event', async () => {
    await append(db.pool, published([...events.slice(0, 300)]));
    await db.pool.query('ALTER TABLE rm_1.activity ADD CONSTRAINT planted CHECK (sequence <> 250)');
    start();
    await eventually(async () => {
      expect(await standing(1)).toEqual([[LEDGER, 249]]);
    });
    await stopAll();
    await db.pool.query('ALTER TABLE rm_1.activity DROP CONSTRAINT planted');
    start();
    await reaches(1, LEDGER, 300);
    expect(await standing(1)).toEqual([]);
  });

  it('a version in which a ledger gets further than where it stood still answers, and says so', async () => {
    await append(db.pool, published(events));
    await db.pool.query('ALTER TABLE rm_1.activity ADD CONSTRAINT planted CHECK (sequence <> 250)');
    start();
    await eventually(async () => {
      expect(await standing(1)).toEqual([[LEDGER, 249]]);
    });
    const rebuilt = await rebuild({ pool: db.pool, feeds: [journal], patience: 300_000 });
    expect(rebuilt.standing).toEqual([]);
    await reaches(2, LEDGER, COUNT);
  });

  it('a version waits to answer, and says why, while a ledger stands still in it alone, and answers when the ledger goes on', async () => {
    await append(db.pool, published(events));
    const said: string[] = [];
    const log = { ...silent, error: (_: object, message: string) => void said.push(message) };
    start();
    await reaches(1, LEDGER, COUNT);
    const version = await startVersionWith('CHECK (sequence <> 250)');
    await stopAll();
    start({ log });
    await eventually(async () => {
      expect(await standing(version)).toEqual([[LEDGER, 249]]);
      expect(said).toContainEqual(
        expect.stringMatching(/^version 2 cannot answer yet: ledger bench: event 250 .* is at 400$/),
      );
    });
    expect(await states()).toEqual([
      [1, 'active'],
      [2, 'building'],
    ]);
    await db.pool.query(`ALTER TABLE rm_${version}.activity DROP CONSTRAINT planted`);
    await stopAll();
    start();
    await eventually(async () => {
      expect(await ensureActive(db.pool)).toBe(version);
    });
  });

  it('a rebuild fails for a ledger that would stand still in the new version alone, and the old version continues to answer', async () => {
    await append(db.pool, published(events));
    start();
    await reaches(1, LEDGER, COUNT);
    await stopAll();
    const planted = (): Feed => {
      const feed = journal();
      return {
        run: async (sink) => {
          await db.pool.query('ALTER TABLE rm_2.activity ADD CONSTRAINT planted CHECK (sequence <> 250)');
          await feed.run(sink);
        },
        stop: () => feed.stop(),
        state: () => feed.state(),
      };
    };
    const failed = rebuild({ pool: db.pool, feeds: [planted], patience: 0 });
    await expect(failed).rejects.toThrow(/ledger bench: event 250 .* The version that answers is at 400/);
    await expect(failed).rejects.toBeInstanceOf(RebuildFailed);
    expect(await states()).toEqual([[1, 'active']]);
  });

  /** Begins a version whose activity cannot hold some event. */
  async function startVersionWith(constraint: string): Promise<number> {
    const version = await startVersion(db.pool);
    await db.pool.query(`ALTER TABLE rm_${version}.activity ADD CONSTRAINT planted ${constraint}`);
    return version;
  }

  describe('the outcome does not depend on which version is quicker', () => {
    const poisoned = poisonedIn('race', 20);
    const apply = (models: ReadModels, upTo: number) => models.apply('race', poisoned.slice(0, upTo).map(fed));
    let version: number;
    let next: ReadModels;
    beforeEach(async () => {
      version = await startVersion(db.pool);
      next = new ReadModels(db.pool, version);
      // However long a slow machine takes, both are fed.
      await db.pool.query(`UPDATE read_model_versions SET fed = now() + interval '1 hour'`);
    });

    it('the new version meets the event first: it waits until the old one has tried it, and answers though both stand still', async () => {
      await apply(db.models, 19);
      expect(await apply(next, 25)).toMatchObject({ outcome: 'parked', sequence: 19 });
      expect(await switchTo(db.pool, version)).toMatchObject({ outcome: 'undecided', ledger: 'race' });
      expect(await apply(db.models, 25)).toMatchObject({ outcome: 'parked', sequence: 19 });
      expect(await switchTo(db.pool, version)).toMatchObject({
        outcome: 'switched',
        standing: [{ ledger: 'race', sequence: 19 }],
      });
    });

    it('the old version meets the event first: the new one answers only after it has tried it, too', async () => {
      await apply(db.models, 25);
      await apply(next, 19);
      expect(await switchTo(db.pool, version)).toEqual({ outcome: 'nearly' });
      await apply(next, 25);
      // The pause after an attempt is for the sake of the old version.
      await eventually(async () => {
        expect(await switchTo(db.pool, version)).toMatchObject({ outcome: 'switched', standing: [{ ledger: 'race' }] });
      });
    });

    it('the old version gets past the event at which the new one stands still: the new one never answers', async () => {
      await apply(db.models, 19);
      await apply(next, 25);
      await db.models.apply(
        'race',
        events.slice(0, 25).map((event) => fed({ ...event, ledger: 'race' })),
      );
      expect(await switchTo(db.pool, version)).toMatchObject({ outcome: 'stopped', ledger: 'race' });
    });

    it('a version that nobody feeds any more is not waited for', async () => {
      await apply(db.models, 19);
      await apply(next, 25);
      await db.pool.query(`UPDATE read_model_versions SET fed = now() - interval '1 minute'`);
      expect(await switchTo(db.pool, version)).toMatchObject({ outcome: 'switched' });
    });

    it('a version that was begun earlier never takes the place of one that was begun later', async () => {
      const later = await startVersion(db.pool);
      expect(await switchTo(db.pool, later)).toMatchObject({ outcome: 'switched' });
      expect(await switchTo(db.pool, version)).toEqual({ outcome: 'overtaken', by: later });
      await expect(switchTo(db.pool, later)).resolves.toMatchObject({ outcome: 'switched' });
      expect(await ensureActive(db.pool)).toBe(later);
    });
  });

  describeKafka('from the auditors’ stream', () => {
    it('a running projector that reads Kafka rebuilds while a ledger stands still', async () => {
      const topics = new Topics(brokers());
      const topic = freshTopicName();
      await topics.make(topic);
      const poisoned = poisonedIn('later', 30);
      await topics.send(topic, published([...poisoned.slice(0, 20), ...events.slice(0, 200), ...poisoned.slice(20)]));
      await append(db.pool, published([...poisoned, ...events]));
      const feed = ({ version }: { version: number }) =>
        new KafkaFeed({ brokers: brokers(), clientId: 'test', topic, group: `${topic}-${version}`, batch: 90 });
      start({ feed });
      await eventually(async () => {
        expect(await standing(1)).toEqual([['later', 29]]);
      });
      const rebuilding = rebuild({ pool: db.pool, feeds: [], patience: 300_000 });
      await topics.send(topic, published(events.slice(200)));
      expect(await rebuilding).toMatchObject({ by: 'projector', standing: [{ ledger: 'later', sequence: 29 }] });
      await reaches(2, LEDGER, COUNT);
      await stopAll();
      await topics.delete(topic);
    });
  });
});
