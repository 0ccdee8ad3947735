import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { createPool, cutConnections } from '#platform/database/database';
import { isUnanswered } from '#platform/database/trouble';
import { tables } from '../models.ts';
import { type AskedAbout, beginning, type Db, endRead, type Moment, type ReadModel } from '../reading/readModel.ts';

export type MomentBounds = Pick<Moment, 'at' | 'known'>;

interface Most {
  readonly events: number;
  readonly bytes: number;
}

/** Events by the streams that they belong to, by their sequences, or as those that placed orders. */
interface Which {
  readonly entities?: readonly string[];
  readonly sequences?: readonly number[];
  readonly placed?: readonly string[];
}

export interface PastEntity {
  readonly id: string;
  /** The first event of its stream. */
  readonly since: number;
}

/** Where the events of the past are read: the journal. */
export interface EventsOfThePast {
  /** In sequence order; undefined when there are more than `most`. */
  chosen(db: Db, ledger: string, which: Which, bounds: MomentBounds, most: Most): Promise<LedgerEvent[] | undefined>;
  /** The next ones after a sequence, with the sequence up to which these are all: so many sequences are looked at. */
  after(
    db: Db,
    ledger: string,
    after: number,
    bounds: MomentBounds,
    most: { readonly events: number; readonly sequences: number },
  ): Promise<{ readonly events: readonly LedgerEvent[]; readonly upTo: number }>;
  /** The next entities of a kind (`order`) that there were by then, by id, each with its first event; `upTo` is where more are. */
  entities(
    db: Db,
    ledger: string,
    of: { readonly prefix: string; readonly after: string; readonly known: number },
    most: { readonly found: number; readonly steps: number },
  ): Promise<{ readonly found: readonly PastEntity[]; readonly upTo: string | undefined }>;
}

/** A question about the past works for a second at most, so a few connections are enough for many who ask. */
const CONNECTIONS = 3;
/** Rows that were taken back stay in the files of a temporary table, until its connection ends: after so many events of them it does. */
const MOST_FOLDED = 30_000;

// `pg_temp` is first: what is made is temporary, and has the names that the models and the queries know.
const PREPARE = `SET enable_bitmapscan = off; SET enable_seqscan = off; SET search_path TO pg_temp, public; ${tables}`;

/**
 * Connections of which each has the tables of all read models once more, temporary and empty: what a few events of the past come to is
 * worked out in them, and taken back with the transaction.
 */
export class Scratch {
  readonly #pool: pg.Pool;
  /** Events of which a connection had the rows. */
  readonly #folded = new WeakMap<Db, number>();

  constructor(
    databaseUrl: string,
    readonly events: EventsOfThePast,
    onError: (error: Error) => void = () => undefined,
  ) {
    this.#pool = createPool(databaseUrl, {
      name: 'lading past',
      max: CONNECTIONS,
      pipeline: true,
      prepare: PREPARE,
      onError,
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Whoever waits for the database gets an error now. */
  cut(): void {
    cutConnections(this.#pool);
  }

  /** So many events were folded on a connection. */
  folded(db: Db, events: number): void {
    this.#folded.set(db, (this.#folded.get(db) ?? 0) + events);
  }

  /**
   * Runs `work` in one snapshot of the version that answers, on tables that are empty. What it writes into them is taken back.
   *
   * @throws {NoReadModels} when no version is active
   */
  async during<T>(
    {
      ledger,
      asOf,
      party,
    }: { readonly ledger: string; readonly asOf: AskedAbout; readonly party?: string | undefined },
    work: (model: ReadModel) => Promise<T>,
  ): Promise<T> {
    const db = await this.#pool.connect();
    let unanswered = false;
    try {
      return await work({ ...(await beginning(db, ledger, asOf, 'pg_temp, ')), party });
    } catch (error) {
      unanswered = isUnanswered(error);
      throw error;
    } finally {
      endRead(db, unanswered || (this.#folded.get(db) ?? 0) > MOST_FOLDED);
    }
  }
}
