import type pg from 'pg';
import type { Feed, FeedState } from '#feed/feed';
import { type FeedLog, silent } from '#feed/observer';
import { listen, type Listener } from '#platform/database/listen';
import { ReadModels } from '../readModels.ts';
import { switchTo } from './switch.ts';
import { dropVersion, ensureActive, ensureKnownVersion, type Version, VERSIONS_CHANNEL, versions } from './versions.ts';

export interface ProjectorOptions {
  readonly pool: pg.Pool;
  /** The database of `pool`, for the connection that listens. */
  readonly url: string;
  /** A new feed for a version, from the first event on or from wherever its positions say. */
  readonly feed: (version: Version) => Feed;
  readonly log?: FeedLog | undefined;
  /** Milliseconds that a version stays after another took its place: longer than any request. */
  readonly grace?: number | undefined;
}

const GRACE_MS = 60_000;
const IDLE_MS = 2_000;
const BUILDING_MS = 200;
const OUTDATED =
  'the tables of another release answer now: this process feeds nothing any more, start it with that release';

interface Running {
  readonly feed: Feed;
  readonly done: Promise<void>;
}

/**
 * Keeps every version of the read models fed: the one that answers, and each that is being built, which it lets answer as soon as that
 * has caught up. Any number of projectors may run at once; the positions' locks let each event be applied once.
 */
export class Projector {
  readonly #options: ProjectorOptions;
  readonly #log: FeedLog;
  readonly #running = new Map<number, Running>();
  #listener: Listener | undefined;
  #loop: Promise<void> | undefined;
  #stopping = false;
  #wake: () => void = () => undefined;
  #active: number | undefined;
  #failing: string | undefined;
  #told = '';
  /** Whether this code's tables were looked for: once, when the process starts. */
  #ensured = false;
  #outdated = false;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
  }

  /** Never ends by itself: what is away is waited for. */
  run(): Promise<void> {
    this.#loop ??= this.#run();
    return this.#loop;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#loop;
  }

  /** Of the version that answers. */
  state(): FeedState {
    const running = this.#active === undefined ? undefined : this.#running.get(this.#active);
    const state = running?.feed.state() ?? { state: 'starting', parked: [] };
    if (this.#failing !== undefined) return { ...state, state: 'retrying', reason: this.#failing };
    return this.#outdated ? { ...state, state: 'stopped', reason: OUTDATED } : state;
  }

  async #run(): Promise<void> {
    const wake = () => {
      this.#wake();
    };
    this.#listener = listen({
      url: this.#options.url,
      channels: [VERSIONS_CHANNEL],
      name: 'lading projector',
      onListening: wake,
      onNotification: wake,
    });
    while (!this.#stopping) {
      let pause = IDLE_MS;
      try {
        pause = await this.#look();
        this.#failing = undefined;
      } catch (error) {
        this.#failing = `the read models cannot be looked at: ${(error as Error).message}`;
        this.#log.warn({ err: error }, this.#failing);
      }
      await this.#wait(pause);
    }
    await this.#listener.close();
    await Promise.all([...this.#running.keys()].map((version) => this.#stopFeeding(version)));
  }

  /** Brings what is fed in line with the versions that there are. @returns after how many milliseconds to look again */
  async #look(): Promise<number> {
    const { pool, grace = GRACE_MS } = this.#options;
    this.#active = await ensureActive(pool);
    // Later on, tables of another release that answer are a newer one's, which took this one's place: to build its own again would
    // switch back, and the newer one would do the same, as long as both run.
    if (!this.#ensured) await ensureKnownVersion(pool);
    this.#ensured = true;
    const all = await versions(pool);
    const fed = all.filter(({ state, known }) => known && state !== 'retired');
    if (fed.length === 0 && !this.#outdated) this.#log.warn({ active: this.#active }, OUTDATED);
    this.#outdated = fed.length === 0;
    for (const version of this.#running.keys()) {
      if (!fed.some((one) => one.version === version)) await this.#stopFeeding(version);
    }
    for (const version of fed) this.#startFeeding(version);
    const building = fed.filter(({ state }) => state === 'building');
    for (const { version } of building) await this.#build(version);
    for (const { version, state, retired } of all) {
      if (state === 'retired' && Date.now() - (retired?.getTime() ?? 0) > grace) await this.#drop(version);
    }
    return building.length > 0 ? BUILDING_MS : IDLE_MS;
  }

  #startFeeding(version: Version): void {
    if (this.#running.has(version.version) || this.#stopping) return;
    const { pool, feed } = this.#options;
    const models = new ReadModels(pool, version.version);
    const own = feed(version);
    const done = own.run(models).then(
      () => undefined,
      (error: unknown) => {
        this.#log.error({ version: version.version, err: error }, 'a feed has ended; it is started again');
      },
    );
    this.#running.set(version.version, { feed: own, done });
    void done.then(() => this.#running.delete(version.version));
    this.#log.info({ version: version.version, state: version.state }, 'feeding the read models');
  }

  async #stopFeeding(version: number): Promise<void> {
    const running = this.#running.get(version);
    await running?.feed.stop();
    await running?.done;
  }

  async #build(version: number): Promise<void> {
    const { pool } = this.#options;
    await pool.query('UPDATE read_model_versions SET fed = now() WHERE version = $1', [version]);
    const switched = await switchTo(pool, version);
    if (switched.outcome === 'switched') {
      this.#active = version;
      this.#log.info({ version, from: switched.from }, 'a new version of the read models answers');
    } else if (switched.outcome === 'stopped') {
      this.#tell({ version, ledger: switched.ledger }, `version ${version} cannot be built: ${switched.reason}`);
    }
  }

  async #drop(version: number): Promise<void> {
    await dropVersion(this.#options.pool, version);
    this.#log.info({ version }, 'a version of the read models that answers no more was dropped');
  }

  /** Says it once, though it is found every time. */
  #tell(facts: object, message: string): void {
    if (message !== this.#told) this.#log.error(facts, message);
    this.#told = message;
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopping) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
