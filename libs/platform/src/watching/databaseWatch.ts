import { Inject, Injectable, Logger } from '@nestjs/common';
import type pg from 'pg';
import { type Trouble, troubleOf } from '../database/trouble.ts';
import { RESERVED } from '../service/tokens.ts';
import { NotReady } from './health.ts';

/** Between two looks whether the trouble is over. */
const LOOK_EVERY_MS = 3_000;

/** What other requests do at the same time, or ask for, is no state of the database. */
const PASSING: ReadonlySet<Trouble['kind']> = new Set(['conflict', 'too-slow']);

/** What only writing shows: reading works meanwhile. */
const OF_WRITES: ReadonlySet<Trouble['kind']> = new Set(['disk-full', 'read-only']);

// A quarter of a megabyte in a table that is gone afterwards: a disk that is full has no room for it, and a standby does not take it.
const WRITE_SOMETHING = `
  BEGIN;
  CREATE TEMP TABLE lading_room ON COMMIT DROP AS SELECT repeat('x', 1900) FROM generate_series(1, 128);
  COMMIT`;

/**
 * Knows whether the database serves, as far as this process has seen. A trouble is logged once, when it begins, however many
 * requests fail of it, and once more when it is over.
 */
@Injectable()
export class DatabaseWatch {
  readonly #logger = new Logger('Database');
  #trouble: Trouble | undefined;
  readonly #logged = new Set<Trouble['kind']>();
  #looking: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(@Inject(RESERVED) private readonly pool: pg.Pool) {}

  /** Tells of an error that something met. @returns the trouble of the database that it shows, if it shows one */
  failed(error: unknown): Trouble | undefined {
    const trouble = troubleOf(error);
    if (trouble === undefined || PASSING.has(trouble.kind) || this.#stopped) return trouble;
    this.#trouble = trouble;
    if (!this.#logged.has(trouble.kind)) this.#logger.warn({ kind: trouble.kind, err: error }, trouble.detail);
    this.#logged.add(trouble.kind);
    this.#looking ??= setTimeout(() => void this.#look(), LOOK_EVERY_MS).unref();
    return trouble;
  }

  /** For `/health/ready`. @throws NotReady while the database does not serve, or takes no writes that it was asked to take */
  async check(): Promise<void> {
    try {
      await this.pool.query('SELECT 1');
    } catch (error) {
      const trouble = this.failed(error);
      throw trouble === undefined ? error : new NotReady(trouble.detail);
    }
    if (this.#trouble !== undefined && OF_WRITES.has(this.#trouble.kind)) throw new NotReady(this.#trouble.detail);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#looking);
  }

  async #look(): Promise<void> {
    const ofWrites = [...this.#logged].some((kind) => OF_WRITES.has(kind));
    try {
      await this.pool.query(ofWrites ? WRITE_SOMETHING : 'SELECT 1');
    } catch (error) {
      this.#looking = undefined;
      if (this.failed(error) !== undefined) return;
    }
    this.#looking = undefined;
    this.#trouble = undefined;
    this.#logged.clear();
    if (!this.#stopped) this.#logger.log('the database serves again');
  }
}
