import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { freshDatabase } from '#test/setup/freshDatabase';
import { createKey, listKeys, revokeKey, rotateKey } from './apiKeys.ts';
import { createPool } from '../database/database.ts';
import { hashOf, Keyring } from './keyring.ts';
import { migrate } from '../database/migrate.ts';
import { platformMigrations } from '../database/platformMigrations.ts';

const ADMIN = 'the-bootstrap-key-of-this-test';

describe('API keys', () => {
  let url: string;
  let pool: pg.Pool;
  let here: Keyring;
  let elsewhere: Keyring;
  let pools: pg.Pool[];
  let queries = 0;

  beforeAll(async () => {
    url = (await freshDatabase({ migrate: (to) => migrate(to, platformMigrations) })).url;
    pool = createPool(url);
    const counted = createPool(url);
    counted.on('acquire', () => {
      queries++;
    });
    here = new Keyring({ pool: counted, url, adminKey: ADMIN });
    const others = createPool(url);
    elsewhere = new Keyring({ pool: others, url, adminKey: ADMIN });
    pools = [pool, counted, others];
    await until(async () => (await listeners()) === 2);
  });
  afterAll(async () => {
    await here.close();
    await elsewhere.close();
    await Promise.all(pools.map((each) => each.end()));
  });

  const listeners = async () =>
    (await pool.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`))
      .rowCount;
  const until = async (condition: () => Promise<boolean>) => {
    const deadline = Date.now() + 5_000;
    while (!(await condition())) {
      await sleep(5);
      if (Date.now() > deadline) throw new Error('it did not come true within 5 s');
    }
  };
  const goneWithin = async (keyring: Keyring, secret: string) => {
    const started = performance.now();
    await until(async () => (await keyring.holderOf(secret)) === undefined);
    return performance.now() - started;
  };

  it('have exactly the roles, ledgers, sources and party that they were made with', async () => {
    const { secret, key } = await createKey(pool, {
      name: 'site-7',
      roles: ['shipments:write', 'read'],
      ledgers: ['nvidia'],
      sources: ['https://site-7.example'],
      party: 'x',
    });
    const actor = await here.holderOf(secret);
    expect(actor).toEqual({
      name: 'site-7',
      roles: ['shipments:write', 'read'],
      ledgers: ['nvidia'],
      sources: ['https://site-7.example'],
      party: 'x',
    });
    expect(key).toMatchObject({ ...actor, revoked: undefined });
    expect(await here.holderOf(`${secret}x`)).toBeUndefined();
  });

  it('are stored as hashes: no secret is in the database', async () => {
    const { secret } = await createKey(pool, { name: 'hashed', roles: ['read'] });
    const { rows } = await pool.query<{ hash: Buffer; row: string }>(
      `SELECT hash, k::text AS row FROM platform.api_keys k WHERE name = 'hashed'`,
    );
    expect(rows[0]!.hash).toEqual(hashOf(secret));
    expect(rows[0]!.row).not.toContain(secret.slice(-20));
  });

  it('have names that are never used twice, and none is called admin', async () => {
    await createKey(pool, { name: 'once', roles: ['read'] });
    await revokeKey(pool, 'once');
    await expect(createKey(pool, { name: 'once', roles: ['read'] })).rejects.toThrow(
      /there is a key "once", or was one/,
    );
    await expect(createKey(pool, { name: 'admin', roles: ['read'] })).rejects.toThrow(/not "admin"/);
    await expect(createKey(pool, { name: 'a b', roles: ['read'] })).rejects.toThrow(/is no name for a key/);
    await expect(createKey(pool, { name: 'idle', roles: [] })).rejects.toThrow(/needs one role or more/);
    await expect(revokeKey(pool, 'nobody')).rejects.toThrow(/there is no key "nobody"/);
    await expect(rotateKey(pool, 'once')).rejects.toThrow(/or it is revoked/);
    expect((await listKeys(pool)).find(({ name }) => name === 'once')!.revoked).toBeInstanceOf(Date);
  });

  it('are looked up once and then answered from memory, until one of them changes', async () => {
    const { secret } = await createKey(pool, { name: 'often', roles: ['read'] });
    await until(async () => {
      const before = queries;
      await here.holderOf(secret);
      await here.holderOf(secret);
      return queries === before;
    });
    const before = queries;
    for (let i = 0; i < 1000; i++) expect(await here.holderOf(secret)).toMatchObject({ name: 'often' });
    expect(queries).toBe(before);
  });

  it('that are revoked end at once in every process, and open streams are notified', async () => {
    const { secret } = await createKey(pool, { name: 'revoked', roles: ['read'] });
    for (const keyring of [here, elsewhere]) expect(await keyring.holderOf(secret)).toMatchObject({ name: 'revoked' });
    const told: string[] = [];
    const leave = elsewhere.onChange('revoked', () => {
      told.push('revoked');
    });
    elsewhere.onChange('somebody-else', () => {
      told.push('somebody-else');
    });
    await revokeKey(pool, 'revoked');
    expect(await goneWithin(here, secret)).toBeLessThan(1_000);
    expect(await goneWithin(elsewhere, secret)).toBeLessThan(1_000);
    expect(told).toEqual(['revoked']);
    leave();
  });

  it('that are rotated work with their new secret only', async () => {
    const { secret: old } = await createKey(pool, { name: 'rotated', roles: ['audit'] });
    await here.holderOf(old);
    const { secret } = await rotateKey(pool, 'rotated');
    await goneWithin(here, old);
    expect(await here.holderOf(secret)).toMatchObject({ name: 'rotated', roles: ['audit'] });
  });

  it('are looked up for every request while notifications cannot arrive, so a revocation takes effect then, too', async () => {
    const { secret } = await createKey(pool, { name: 'deaf', roles: ['read'] });
    await here.holderOf(secret);
    const cut = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
    );
    expect(cut.rowCount).toBe(2);
    await revokeKey(pool, 'deaf');
    expect(await goneWithin(here, secret)).toBeLessThan(1_000);
    await until(async () => (await listeners()) === 2);
  });

  it('are not cached when a change was notified during their look-up', async () => {
    const { secret } = await createKey(pool, { name: 'raced', roles: ['read'] });
    await until(async () => (await here.holderOf(secret)) !== undefined);
    await pool.query(`UPDATE platform.api_keys SET party = 'again' WHERE name = 'raced'`);

    // A lookup that reads before the revocation commits, and answers after everybody was told of it.
    const late = createPool(url);
    const racing = new Keyring({ pool: late, url, adminKey: ADMIN });
    await until(async () => (await listeners()) === 3);
    const told = new Promise<void>((resolve) => {
      racing.onChange('raced', resolve);
    });
    const query = late.query.bind(late) as (...args: unknown[]) => Promise<unknown>;
    const answerLate = async (...args: unknown[]) => {
      const answer = await query(...args);
      await revokeKey(pool, 'raced');
      await told;
      return answer;
    };
    Object.assign(late, { query: answerLate });
    expect(await racing.holderOf(secret)).toMatchObject({ name: 'raced' }); // it was so when it was asked
    Object.assign(late, { query });
    expect(await racing.holderOf(secret)).toBeUndefined();
    await racing.close();
    await late.end();
  });

  it('made for the bootstrap have every role and need no database', async () => {
    const nowhere = createPool('postgres://nobody@127.0.0.1:1/none');
    const keyring = new Keyring({ pool: nowhere, url: 'postgres://nobody@127.0.0.1:1/none', adminKey: ADMIN });
    expect(await keyring.holderOf(ADMIN)).toMatchObject({ name: 'admin', ledgers: 'all', sources: 'all' });
    await expect(keyring.holderOf('another')).rejects.toThrow();
    await keyring.close();
    await nowhere.end();
  });
});
