import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Feed } from '#feed/feed';
import { FileFeed } from '#feed/file';
import { JournalFeed } from '#feed/journal';
import { KafkaFeed } from '#feed/kafka';
import { silent } from '#feed/observer';
import { eventually } from '#test/feed/eventually';
import { append } from '#test/feed/seedJournal';
import { Topics } from '#test/feed/topics';
import { applyAll, fed, type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { published } from '#test/projections/published';
import { rowsOf } from '#test/projections/rowsOf';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { holdings } from '../holdings/queries.ts';
import { indexesForQuestions } from '../models.ts';
import { ReadModels } from '../readModels.ts';
import { Projector } from './projector.ts';
import { withReadModels } from '../reading/readModel.ts';
import { rebuild, RebuildFailed } from './rebuild.ts';
import { ensureActive, startVersion, VERSIONS_CHANNEL, versions } from './versions.ts';

const COUNT = 1_200;

describe('rebuilding the read models', () => {
  let db: FreshReadModels;
  const events = [...manyEvents(COUNT, 100)];
  const journal = (): Feed => new JournalFeed({ pool: db.pool, url: db.url, batch: 330, pollEvery: 50 });
  const here = { patience: 0 };

  beforeEach(async () => {
    db = await freshReadModels(LEDGER);
    // Live: as they came, a few at a time.
    await db.apply(events, 170);
  });
  afterEach(() => db.drop());

  it('a rebuild from the journal gives row for row what was built live, and answers from then on', async () => {
    await append(db.pool, published(events));
    const rebuilt = await rebuild({ pool: db.pool, feeds: [journal], ...here });
    expect(rebuilt).toMatchObject({ version: 2, events: COUNT, by: 'here' });
    expect(await rowsOf(db.pool, 2)).toEqual(await rowsOf(db.pool, 1));
    expect(await ensureActive(db.pool)).toBe(2);
    expect(await db.read(async ({ version, sequence }) => [version, sequence])).toEqual([2, COUNT]);
  });

  it('a rebuild from a file gives row for row what was built live', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lading-rebuild-'));
    const file = join(folder, 'export.ndjson');
    await writeFile(
      file,
      published(events)
        .map(({ bytes }) => `${bytes.toString()}\n`)
        .join(''),
    );
    await rebuild({ pool: db.pool, feeds: [() => new FileFeed({ file, batch: 512 })], ...here });
    expect(await rowsOf(db.pool, 2)).toEqual(await rowsOf(db.pool, 1));
    await rm(folder, { recursive: true });
  });

  it('a rebuild fails when its source ends too early, and the old version continues to answer', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lading-rebuild-'));
    const file = join(folder, 'export.ndjson');
    await writeFile(
      file,
      published(events.slice(0, 500))
        .map(({ bytes }) => `${bytes.toString()}\n`)
        .join(''),
    );
    const failing = rebuild({ pool: db.pool, feeds: [() => new FileFeed({ file })], ...here });
    await expect(failing).rejects.toThrow(`the source has ended: ledger ${LEDGER} stands at 500 of ${COUNT}`);
    expect((await versions(db.pool)).map(({ version, state }) => [version, state])).toEqual([[1, 'active']]);
    await rm(folder, { recursive: true });
  });

  it('a version is filled without the indexes that only questions read, and has them before it answers', async () => {
    const indexesOf = async (version: number) => {
      const { rows } = await db.pool.query<{ name: string; is: string }>(
        `SELECT indexname AS name, replace(indexdef, schemaname, '') AS is FROM pg_indexes WHERE schemaname = $1 ORDER BY 1`,
        [`rm_${version}`],
      );
      return rows;
    };
    const missing = [...indexesForQuestions.keys()].sort();
    const asked = await indexesOf(1);

    await append(db.pool, published(events));
    const filled = await startVersion(db.pool);
    const names = (await indexesOf(filled)).map(({ name }) => name);
    expect(asked.map(({ name }) => name).filter((name) => !names.includes(name))).toEqual(missing);

    const { version } = await rebuild({ pool: db.pool, feeds: [journal], ...here });
    expect(await indexesOf(version)).toEqual(asked);
  });

  it('no batch walks a table that is filled without the indexes that only questions read', async () => {
    const version = await startVersion(db.pool);
    await applyAll(new ReadModels(db.pool, version), events, 170);
    await eventually(async () => {
      await db.pool.query('SELECT pg_stat_force_next_flush()');
      // To make an index counts as a walk.
      const { rows } = await db.pool.query<{ relname: string; walks: number; seeks: number }>(
        `SELECT relname, seq_scan::int - (SELECT count(*)::int FROM pg_index WHERE indrelid = relid) AS walks, idx_scan::int AS seeks
         FROM pg_stat_user_tables WHERE schemaname = $1 AND relname = ANY('{holdings,queue,shipment_lines}') ORDER BY 1`,
        [`rm_${version}`],
      );
      expect(rows.map(({ relname, walks, seeks }) => [relname, walks, seeks > 0])).toEqual([
        ['holdings', 0, true],
        ['queue', 0, true],
        ['shipment_lines', 0, true],
      ]);
    });
  });

  it('a rebuild where no version answers yet has all events, however late its source begins', async () => {
    await append(db.pool, published(events));
    await db.pool.query('DELETE FROM read_model_active; DELETE FROM read_model_versions');
    const source = journal();
    let begun = false;
    const late: Feed = {
      run: async (sink) => {
        await sleep(700);
        begun = true;
        await source.run(sink);
      },
      stop: () => source.stop(),
      state: () => (begun ? source.state() : { state: 'starting', parked: [] }),
    };
    const rebuilt = await rebuild({ pool: db.pool, feeds: [() => late], ...here });
    expect(rebuilt.events).toBe(COUNT);
    expect(await rowsOf(db.pool, rebuilt.version)).toEqual(await rowsOf(db.pool, 1));
  });

  it('a rebuild never skips an event that cannot be applied: it fails with the reason, and the old version continues to answer', async () => {
    const poisoned = events.map((event) => (event.sequence === 700 ? { ...event, time: 'never' } : event));
    const feed = (): Feed => feedOf(poisoned);
    const failed = await rebuild({ pool: db.pool, feeds: [feed], ...here }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RebuildFailed);
    expect((failed as Error).message).toMatch(/event 700 .* cannot be applied/);
    expect((await versions(db.pool)).map(({ version }) => version)).toEqual([1]);
    expect(await db.read(async ({ sequence }) => sequence)).toBe(COUNT);
  });

  it('during a rebuild under load, questions are answered from the old version until the switch, never from a mixture, and never from before a sequence that was seen', async () => {
    await append(db.pool, published(events));
    const projector = new Projector({ pool: db.pool, url: db.url, feed: journal, grace: 5_000 });
    void projector.run();
    const more = [...manyEvents(COUNT + 600, 100)].slice(COUNT);
    const done = new AbortController();
    const writing = (async () => {
      for (let at = 0; at < more.length; at += 10) await append(db.pool, published(more.slice(at, at + 10)));
    })();
    const seen: { version: number; sequence: number }[] = [];
    const reading = (async () => {
      while (!done.signal.aborted) {
        seen.push(
          await withReadModels(db.pool, LEDGER, async (model) => {
            const { version, sequence } = model;
            // Everything in one answer is of one version and one sequence: positions, postings and holdings tell the same.
            const { rows } = await model.db.query<{ last: number; schema: string; sum: number; away: number }>(
              `SELECT max(sequence)::float8 AS last, current_schema() AS schema, sum(quantity)::float8 AS sum FROM postings`,
            );
            await holdings(model, { groupBy: ['item'], accounts: 'all' }).then(({ data }) => {
              expect(data.filter(({ quantity }) => quantity !== 0)).toEqual([]);
            });
            const [own] = rows;
            expect(own?.schema).toBe(`rm_${version}`);
            expect(own?.sum).toBe(0);
            expect(own?.last).toBeLessThanOrEqual(sequence);
            expect(own?.last).toBeGreaterThan(sequence - 5);
            return { version, sequence };
          }),
        );
      }
    })();
    const rebuilt = await rebuild({ pool: db.pool, feeds: [journal], patience: 300_000 });
    expect(rebuilt.by).toBe('projector');
    await writing;
    await eventually(async () => {
      expect((await versions(db.pool)).map(({ version, state }) => [version, state])).toEqual([[2, 'active']]);
      expect(await db.read(async ({ sequence }) => sequence)).toBe(COUNT + 600);
      expect(seen.at(-1)?.version).toBe(2);
    });
    done.abort();
    await reading;
    await projector.stop();

    expect(new Set(seen.map(({ version }) => version))).toEqual(new Set([1, 2]));
    expect(seen.map(({ version }) => version)).toEqual(seen.map(({ version }) => version).sort());
    expect(seen.map(({ sequence }) => sequence)).toEqual(seen.map(({ sequence }) => sequence).sort((a, b) => a - b));
    const { rows } = await db.pool.query(`SELECT 1 FROM information_schema.schemata WHERE schema_name = 'rm_1'`);
    expect(rows).toEqual([]);
  });

  it('the first version is made by the first projector, and only once when several projectors start at the same time', async () => {
    await append(db.pool, published(events));
    await db.pool.query('DELETE FROM read_model_active; DELETE FROM read_model_versions');
    const projectors = [1, 2].map(() => new Projector({ pool: db.pool, url: db.url, feed: journal }));
    for (const projector of projectors) void projector.run();
    await eventually(async () => {
      expect(await db.read(async ({ sequence }) => sequence)).toBe(COUNT);
    });
    for (const projector of projectors) await projector.stop();
    expect(await versions(db.pool)).toHaveLength(1);
    expect(await rowsOf(db.pool, await ensureActive(db.pool))).toEqual(await rowsOf(db.pool, 1));
  });

  it('a projector whose tables no version has builds a new version by itself, while the old one answers', async () => {
    await append(db.pool, published(events));
    await db.pool.query(`UPDATE read_model_versions SET shape = 'of an older release'`);
    const projector = new Projector({ pool: db.pool, url: db.url, feed: journal, grace: 60_000 });
    void projector.run();
    await eventually(async () => {
      const all = await versions(db.pool);
      expect(all.map(({ version, state, known }) => [version, state, known])).toEqual([
        [1, 'retired', false],
        [2, 'active', true],
      ]);
    });
    await projector.stop();
    expect(await rowsOf(db.pool, 2)).toEqual(await rowsOf(db.pool, 1));
  });

  it('a projector of an old release that still runs builds nothing beside the tables of a newer release', async () => {
    await append(db.pool, published(events));
    const warnings: string[] = [];
    const log = { ...silent, warn: (_: object, message: string) => void warnings.push(message) };
    const projector = new Projector({ pool: db.pool, url: db.url, feed: journal, log });
    void projector.run();
    await eventually(async () => {
      expect(await db.read(async ({ sequence }) => sequence)).toBe(COUNT);
    });
    await db.pool.query(`UPDATE read_model_versions SET shape = 'of a newer release'`);
    await db.pool.query('SELECT pg_notify($1, $2)', [VERSIONS_CHANNEL, '1']);
    await eventually(() => {
      expect(warnings).toEqual([expect.stringContaining('another release')]);
    });
    expect((await versions(db.pool)).map(({ version }) => version)).toEqual([1]);
    expect(projector.state()).toMatchObject({ reason: expect.stringContaining('another release') });
    await projector.stop();
  });

  /** A source that brings exactly these events, and ends. */
  function feedOf(all: readonly LedgerEvent[]): Feed {
    return {
      run: async (sink) => {
        await sink.apply(LEDGER, all.map(fed));
      },
      stop: async () => undefined,
      state: () => ({ state: 'running', parked: [] }),
    };
  }

  describeKafka('from the auditors’ stream', () => {
    it('a rebuild from Kafka gives row for row what was built live', async () => {
      const topics = new Topics(brokers());
      const topic = freshTopicName();
      await topics.make(topic);
      await topics.send(topic, published(events));
      const feed = () => new KafkaFeed({ brokers: brokers(), clientId: 'rebuild', topic, group: topic, batch: 400 });
      const rebuilt = await rebuild({ pool: db.pool, feeds: [feed], ...here });
      expect(rebuilt.events).toBe(COUNT);
      expect(await rowsOf(db.pool, 2)).toEqual(await rowsOf(db.pool, 1));
      await topics.delete(topic);
    });
  });
});
