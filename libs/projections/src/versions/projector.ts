import type pg from 'pg';
import type { Feed, FeedState } from '#feed/feed';
import { type FeedLog, silent } from '#feed/observer';
import { Runner } from '#feed/runner';
import { listen } from '#platform/database/listen';
import { Signal } from '#platform/database/signal';
import { Feeder } from './feeder.ts';
import { switchTo } from './switch.ts';
import {
  dropVersion,
  ensureActive,
  ensureKnownVersion,
  sayFed,
  type Version,
  VERSIONS_CHANNEL,
  versions,
} from './versions.ts';

interface ProjectorOptions {
  readonly pool: pg.Pool;
  /** The database of `pool`, for the connection that listens. */
  readonly url: string;
  /** A new feed for a version, from the first event on or from wherever its positions say. */
  readonly feed: (version: Version) => Feed;
  readonly log?: FeedLog | undefined;
  /** Milliseconds that a version stays after another took its place: longer than any request. */
  readonly grace?: number | undefined;
}

/** Milliseconds between two looks at the versions: while nothing is built, and while a version is. */
const LOOK_EVERY_MS = 2_000;
const LOOK_WHILE_BUILDING_MS = 200;
const DEFAULT_GRACE_MS = 60_000;
const OUTDATED =
  'the tables of another release answer now: this process feeds nothing any more, start it with that release';

/**
 * Keeps every version of the read models fed: the one that answers, and each that is being built, which answers as soon as it has
 * caught up. Any number of projectors may run at once: the positions' locks let each event be applied once.
 */
export class Projector {
  readonly #options: ProjectorOptions;
  readonly #log: FeedLog;
  readonly #runner: Runner;
  readonly #signal = new Signal();
  readonly #feeders = new Map<number, Feeder>();
  #active: number | undefined;
  /** The last obstacle that was logged: it is found at every look. */
  #logged = '';
  /** Whether this code's tables were looked for: once, when the process starts. */
  #ensured = false;
  #outdated = false;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
    this.#runner = new Runner({
      failing: 'the versions of the read models cannot be read',
      log: options.log,
      backoff: { first: LOOK_EVERY_MS, most: LOOK_EVERY_MS },
    });
  }

  /** Never ends by itself: what is away is waited for. */
  run(): Promise<void> {
    return this.#runner.run((running) => this.#follow(running));
  }

  async stop(): Promise<void> {
    await this.#runner.stop();
    await Promise.all([...this.#feeders.keys()].map((version) => this.#stopFeeding(version)));
  }

  /** Whether a version is the one that answers, as of the last look. */
  answers(version: number): boolean {
    return version === this.#active;
  }

  /** Of the version that answers; while its tables are another release's, of the one that is being built to take its place. */
  state(): FeedState {
    const feeder = this.#feeders.get(this.#active ?? 0) ?? [...this.#feeders.values()].at(-1);
    const state = feeder?.state() ?? { state: 'starting', parked: [] };
    const run = this.#runner.state();
    if (run.state === 'retrying') return { ...state, ...run };
    return this.#outdated ? { ...state, state: 'stopped', reason: OUTDATED } : state;
  }

  async #follow(running: () => void): Promise<void> {
    const look = () => {
      this.#signal.set();
    };
    const listener = listen({
      url: this.#options.url,
      channels: [VERSIONS_CHANNEL],
      name: 'lading projector',
      onListening: look,
      onNotification: look,
    });
    const stop = this.#runner.stopping;
    try {
      while (!stop.aborted) {
        const building = await this.#look();
        running();
        await this.#signal.wait(stop, building ? LOOK_WHILE_BUILDING_MS : LOOK_EVERY_MS);
      }
    } finally {
      await listener.close();
    }
  }

  /** Feeds the versions that there are and no others. @returns whether one is being built */
  async #look(): Promise<boolean> {
    const { pool, grace = DEFAULT_GRACE_MS } = this.#options;
    this.#active = await ensureActive(pool);
    // Later on, tables of another release that answer are a newer one's, which took this one's place: to build its own again would
    // switch back, and the newer one would do the same, as long as both run.
    if (!this.#ensured) await ensureKnownVersion(pool);
    this.#ensured = true;
    const all = await versions(pool);
    const fed = all.filter(({ state, known }) => known && state !== 'retired');
    if (fed.length === 0 && !this.#outdated) this.#log.warn({ active: this.#active }, OUTDATED);
    this.#outdated = fed.length === 0;
    for (const version of this.#feeders.keys()) {
      if (!fed.some((one) => one.version === version)) await this.#stopFeeding(version);
    }
    for (const version of fed) this.#startFeeding(version);
    await sayFed(
      pool,
      fed.map(({ version }) => version),
    );
    const building = fed.filter(({ state }) => state === 'building');
    for (const { version } of building) await this.#build(version);
    for (const { version, state, retired } of all) {
      if (state === 'retired' && Date.now() - (retired?.getTime() ?? 0) > grace) await this.#drop(version);
    }
    return building.length > 0;
  }

  /** A feed that has ended is started again. */
  #startFeeding(version: Version): void {
    const known = this.#feeders.get(version.version);
    if ((known !== undefined && known.ended === undefined) || this.#runner.stopping.aborted) return;
    if (known?.ended !== undefined) {
      if (Date.now() - known.ended.at < LOOK_EVERY_MS) return;
      const { error, why } = known.ended;
      this.#log.error({ version: version.version, err: error }, `a feed has ended, and is started again: ${why}`);
    }
    const { pool, feed } = this.#options;
    const feeder = new Feeder(pool, version.version, [() => feed(version)]);
    feeder.start();
    this.#feeders.set(version.version, feeder);
    this.#log.info({ version: version.version, state: version.state }, 'feeding the read models');
  }

  async #stopFeeding(version: number): Promise<void> {
    await this.#feeders.get(version)?.stop();
    this.#feeders.delete(version);
  }

  async #build(version: number): Promise<void> {
    const { pool } = this.#options;
    const switched = await switchTo(pool, version);
    if (switched.outcome === 'switched') {
      this.#active = version;
      this.#log.info({ version, from: switched.from }, 'a new version of the read models answers');
      for (const { ledger, sequence, reason } of switched.standing)
        this.#log.warn({ version, ledger, sequence }, `ledger ${ledger} stands still in it at ${sequence}: ${reason}`);
    } else if (switched.outcome === 'stopped' || switched.outcome === 'undecided') {
      const { ledger, reason } = switched;
      this.#logOnce({ version, ledger }, `version ${version} cannot answer yet: ledger ${ledger}: ${reason}`);
    } else if (switched.outcome === 'overtaken') {
      await this.#stopFeeding(version);
      await this.#drop(version);
    }
  }

  /** A question that takes long may be reading it still: the next look tries again. */
  async #drop(version: number): Promise<void> {
    try {
      await dropVersion(this.#options.pool, version);
      this.#log.info({ version }, 'a version of the read models that answers no more was dropped');
    } catch (error) {
      this.#log.debug({ version, err: error }, 'a version of the read models could not be dropped yet');
    }
  }

  #logOnce(facts: object, message: string): void {
    if (message !== this.#logged) this.#log.error(facts, message);
    this.#logged = message;
  }
}
