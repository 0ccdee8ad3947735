import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { freshDatabase } from '#test/setup/freshDatabase';
import {
  checkpointAt,
  checkpointsAfter,
  latestCheckpoint,
  publishCheckpoint,
  storeCheckpoint,
  verifierKeysOf,
} from './checkpoints.ts';

describe('stored checkpoints', () => {
  let pool: pg.Pool;
  beforeAll(async () => {
    const { url } = await freshDatabase({ migrate: (to) => migrate(to, journalMigrations) });
    pool = createPool(url);
  });
  afterAll(() => pool.end());

  const of = (size: number, root: number, note = `signed ${size}`) => ({
    ...{ ledger: 'nvidia', origin: 'log/nvidia', size },
    ...{ root: Buffer.alloc(32, root), note: Buffer.from(note) },
  });

  it('are handed out when they are published, the newest or the first that has an event', async () => {
    for (const size of [3, 5, 9]) await storeCheckpoint(pool, of(size, size), ['k1']);
    expect(await latestCheckpoint(pool, 'nvidia')).toBeUndefined();
    for (const size of [3, 5]) await publishCheckpoint(pool, of(size, size));
    expect(await latestCheckpoint(pool, 'nvidia')).toMatchObject(of(5, 5));
    expect((await checkpointAt(pool, 'nvidia', 3))?.size).toBe(3);
    expect((await checkpointAt(pool, 'nvidia', 4))?.size).toBe(5);
    expect(await checkpointAt(pool, 'nvidia', 6)).toBeUndefined();
    expect((await checkpointsAfter(pool, 'nvidia', 0, 10)).map(({ size }) => size)).toEqual([3, 5]);
    expect(await checkpointAt(pool, 'other', 1)).toBeUndefined();
  });

  it('never have two roots for one size of a log, and may get another signature', async () => {
    await expect(storeCheckpoint(pool, of(5, 6), ['k1'])).rejects.toThrow(
      'a checkpoint of log/nvidia with 5 events and another root is stored already',
    );
    await storeCheckpoint(pool, of(5, 5, 'signed by two'), ['k1', 'k2']);
    expect(await checkpointAt(pool, 'nvidia', 5)).toMatchObject(of(5, 5, 'signed by two'));
    expect(await verifierKeysOf(pool, 'nvidia')).toEqual({ log: ['k1', 'k2'], witnesses: [] });
  });
});
