import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Feed } from '#feed/feed';
import { Feeder } from './feeder.ts';
import { type StandingLedger, switchTo, type Switched } from './switch.ts';
import { dropVersion, schemaOfVersion, startVersion } from './versions.ts';

interface RebuildOptions {
  readonly pool: pg.Pool;
  /**
   * Where the events come from, one feed after the other: a file and then the journal, or the journal alone. The last one follows
   * its source until the new version answers. Used when no projector feeds the new version, or to begin with when `begin` says so.
   */
  readonly feeds: readonly (() => Feed)[];
  /** Feed it from `feeds` in any case: to rebuild from a file while a projector runs. What it brings twice is skipped. */
  readonly begin?: boolean | undefined;
  /** Milliseconds until a projector is thought absent. */
  readonly patience?: number | undefined;
  readonly onProgress?: ((progress: RebuildProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RebuildProgress {
  readonly version: number;
  /** `projector`: a running projector does it; `here`: this process. */
  readonly by: 'projector' | 'here';
  /** Events applied so far, over all ledgers. */
  readonly applied: number;
  /** Events that there are, as far as is known. */
  readonly total: number;
  /** What the last step waits for, when that is another event in a ledger of the version that answers. */
  readonly waitsFor?: string | undefined;
}

interface Rebuilt {
  readonly version: number;
  readonly events: number;
  readonly seconds: number;
  readonly by: 'projector' | 'here';
  /** The ledgers that stand still in the version that answers now, none of them earlier than before. */
  readonly standing: readonly StandingLedger[];
}

/** A ledger cannot be built: the old version goes on answering, and the new one is gone. */
export class RebuildFailed extends Error {
  override readonly name = 'RebuildFailed';
}

const LOOK_EVERY_MS = 200;
/** How long a projector has to say that it feeds the new version, before this process does. */
const PROJECTOR_WAIT_MS = 4_000;
/** How long after the end of the sources the new version may take to reach the one that answers. */
const LAST_EVENTS_MS = 10_000;

/**
 * Builds all read models anew beside the ones that answer, and lets the new ones answer when they have caught up in every ledger. A
 * running projector is told to do it, and keeps both fed meanwhile; where none runs, this process does it.
 *
 * A ledger that stands still in the version that answers may stand still in the new one, and is in the outcome.
 *
 * @throws {RebuildFailed} for an event that cannot be applied and is known to the version that answers, a hole, a source that ends too
 *   early, or when `signal` says so
 */
export async function rebuild(options: RebuildOptions): Promise<Rebuilt> {
  const { pool, feeds, begin = false, patience = PROJECTOR_WAIT_MS } = options;
  const started = Date.now();
  const version = await startVersion(pool);
  const feeder = new Feeder(pool, version, feeds);
  try {
    if (begin) feeder.start();
    for (;;) {
      await sleep(LOOK_EVERY_MS);
      const { fed, ...progress } = await look(pool, version);
      if (!fed && Date.now() - started > patience) feeder.start();
      // Until its source has said how much there is, a version with nothing in it looks as if it had everything.
      if (progress.applied === 0 && feeder.isToBegin && options.signal?.aborted !== true) continue;
      const by = feeder.started ? 'here' : 'projector';
      const switched = await switchTo(pool, version);
      const waitsFor = switched.outcome === 'undecided' ? `ledger ${switched.ledger}: ${switched.reason}` : undefined;
      options.onProgress?.({ ...progress, by, waitsFor });
      if (switched.outcome === 'switched') {
        const { applied } = await look(pool, version);
        const seconds = (Date.now() - started) / 1_000;
        return { version, events: applied, seconds, by, standing: switched.standing };
      }
      giveUpIf(switched, options.signal, fed ? undefined : feeder.ended);
    }
  } catch (error) {
    await feeder.stop();
    await dropVersion(pool, version);
    throw error;
  } finally {
    await feeder.stop();
  }
}

function giveUpIf(switched: Switched, signal: AbortSignal | undefined, ended: Feeder['ended']): void {
  if (signal?.aborted === true) throw new RebuildFailed('it was stopped');
  if (switched.outcome === 'stopped') throw new RebuildFailed(`ledger ${switched.ledger}: ${switched.reason}`);
  if (switched.outcome === 'overtaken')
    throw new RebuildFailed(`version ${switched.by} was begun later, and answers already`);
  if (ended === undefined) return;
  if (switched.outcome === 'behind') {
    throw new RebuildFailed(
      `${ended.why}: ledger ${switched.ledger} stands at ${switched.sequence} of ${switched.head}`,
    );
  }
  // The last events may still be on their way to the version that answers.
  if (Date.now() - ended.at > LAST_EVENTS_MS)
    throw new RebuildFailed(`${ended.why}, and the version that answers is further`);
}

interface Look {
  readonly version: number;
  readonly fed: boolean;
  readonly applied: number;
  readonly total: number;
}

async function look(pool: pg.Pool, version: number): Promise<Look> {
  const { rows } = await pool.query<Look>(
    `SELECT v.version, coalesce(v.fed > now() - interval '5 seconds', false) AS fed,
       (SELECT coalesce(sum(sequence), 0)::bigint FROM ${schemaOfVersion(version)}.positions) AS applied,
       (SELECT coalesce(sum(greatest(head, sequence)), 0)::bigint FROM ${schemaOfVersion(version)}.positions) AS total
     FROM read_model_versions v WHERE v.version = $1`,
    [version],
  );
  if (rows[0] === undefined) throw new RebuildFailed(`version ${version} was dropped by somebody else`);
  return rows[0];
}
