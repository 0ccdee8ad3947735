import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { eventually } from '#test/feed/eventually';
import { freshDatabase } from '#test/setup/freshDatabase';
import { createPool } from './database.ts';
import { troubleOf } from './trouble.ts';
import { listen } from './listen.ts';

describe('a listener', () => {
  let url: string;
  let pool: pg.Pool;
  let impatient: pg.Pool;
  beforeAll(async () => {
    url = (await freshDatabase()).url;
    pool = createPool(url);
    impatient = createPool(url, { timeouts: { statement: 200 } });
  });
  afterAll(() => Promise.all([pool.end(), impatient.end()]));

  it('receives notifications again after its connection broke, and reports that it was disconnected', async () => {
    const heard: string[] = [];
    const listener = listen({
      url,
      channels: ['one', 'Two'],
      onListening: () => heard.push('listening'),
      onDisconnected: () => heard.push('deaf'),
      onNotification: (payload, channel) => heard.push(`${channel}: ${payload}`),
    });
    const hears = (what: string) =>
      eventually(() => {
        expect(heard).toContain(what);
      });
    await hears('listening');
    await pool.query(`SELECT pg_notify('one', 'a'), pg_notify('Two', 'b')`);
    await hears('Two: b');
    await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
    );
    await hears('deaf');
    expect(heard.splice(0)).toEqual(['listening', 'one: a', 'Two: b', 'deaf']);
    await hears('listening');
    await pool.query(`SELECT pg_notify('one', 'c')`);
    await hears('one: c');
    await listener.close();
    expect(listener.listening).toBe(false);
  });

  it('can be closed while the database does not answer', async () => {
    const listener = listen({
      url: 'postgres://nobody@127.0.0.1:1/none',
      channels: ['one'],
      onListening: () => undefined,
      onNotification: () => undefined,
    });
    await sleep(150);
    await listener.close();
  });

  it.each([
    ['a statement that took too long', 'SELECT 1 FROM pg_sleep(600)', true],
    ['a wrong statement', 'SELECT 1 / 0', false],
    ['a connection that is cut', 'SELECT pg_terminate_backend(pg_backend_pid())', true],
  ])('counts an error as an unavailable database only when it passes by itself: %s', async (_what, sql, away) => {
    const error: unknown = await (sql.includes('pg_sleep') ? impatient : pool).query(sql).catch((e: unknown) => e);
    expect(troubleOf(error) !== undefined).toBe(away);
  });

  it('counts the database as unavailable when nothing listens at its address', async () => {
    const nowhere = createPool('postgres://nobody@127.0.0.1:1/none');
    expect(troubleOf(await nowhere.query('SELECT 1').catch((e: unknown) => e))?.kind).toBe('away');
    await nowhere.end();
    expect(troubleOf(await nowhere.query('SELECT 1').catch((e: unknown) => e))?.kind).toBe('away');
  });
});
