import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { eventually } from '#test/feed/eventually';
import { freshDatabase } from '#test/setup/freshDatabase';
import { SwallowingProxy } from '#test/platform/swallowingProxy';
import type { Actor } from './actor.ts';
import { createKey, listKeys, revokeKey, rotateKey } from './apiKeys.ts';
import { createPool } from '../database/database.ts';
import { hashOf, Keyring } from './keyring.ts';
import { migrate } from '../database/migrate.ts';
import { platformMigrations } from '../database/platformMigrations.ts';
import { ProblemError } from '../http/problemError.ts';

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

  const LISTENERS = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lading keyring'`;
  const listeners = async () =>
    (await pool.query(`SELECT 1 ${LISTENERS} AND state = 'idle' AND query ~ '^(LISTEN|SELECT 1)'`)).rowCount;
  const until = (condition: () => Promise<boolean>) =>
    eventually(async () => {
      expect(await condition()).toBe(true);
    });
  const gone = (keyring: Keyring, secret: string) => until(async () => (await keyring.holderOf(secret)) === undefined);
  const aborted = (signal: AbortSignal) => until(() => Promise.resolve(signal.aborted));
  const settled = () => until(async () => (await listeners()) === 2);
  const cut = () => pool.query(`SELECT pg_terminate_backend(pid) ${LISTENERS}`);
  const actorIn = ({ name, roles, ledgers, sources, party }: Actor): Actor => ({
    name,
    roles,
    ledgers,
    sources,
    party,
  });

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

  it('are for ledgers, sources and parties that there can be: no other name is kept', async () => {
    const wrong = [
      { ledgers: ['West Coast'] },
      { sources: ['urn:a\0'] },
      { sources: ['URN:lading:key:erp'] },
      { party: ' a' },
    ];
    for (const names of wrong) {
      await expect(createKey(pool, { name: 'unkept', roles: ['read'], ...names })).rejects.toThrow(
        /that a key can be for/,
      );
    }
    expect((await listKeys(pool)).filter(({ name }) => name === 'unkept')).toEqual([]);
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

  it('that are revoked end at once in every process, for requests that are open, too', async () => {
    const { secret } = await createKey(pool, { name: 'revoked', roles: ['read'] });
    const { secret: other } = await createKey(pool, { name: 'somebody-else', roles: ['read'] });
    await settled();
    const [mine, theirs] = [(await elsewhere.hold(secret))!, (await elsewhere.hold(other))!];
    expect(await here.holderOf(secret)).toMatchObject({ name: 'revoked' });
    await revokeKey(pool, 'revoked');
    await aborted(mine.ended);
    expect(mine.refusal).toMatchObject({ status: 401, code: 'unauthenticated' });
    await expect(mine.check()).rejects.toMatchObject({ status: 401 });
    await gone(here, secret);
    await gone(elsewhere, secret);
    await theirs.check();
    expect(theirs.refusal).toBeUndefined();
    mine.release();
    theirs.release();
  });

  it.each([
    ['roles', `roles = '{audit}'`, true],
    ['ledgers', `ledgers = '{amd}'`, true],
    ['ledgers, with this one among them', `ledgers = '{amd,nvidia}'`, false],
    ['sources', `sources = '{urn:a}'`, false],
    ['party', `party = 'x'`, false],
    ['name', `name = name || '-2'`, false],
    ['expiry', `expires = now()`, true],
    ['row, which is deleted', undefined, true],
  ])('that get other %s are looked at again by every request that is open', async (what, set, ends) => {
    const name = `changed ${what}`.replaceAll(/\W+/g, '-');
    const { secret } = await createKey(pool, { name, roles: ['read'] });
    const held = (await elsewhere.hold(secret))!;
    held.require(({ roles, ledgers }) =>
      roles.includes('read') && (ledgers === 'all' || ledgers.includes('nvidia'))
        ? undefined
        : new ProblemError(403, 'forbidden', 'not this key'),
    );
    const before = held.actor;
    await pool.query(
      set === undefined
        ? 'DELETE FROM platform.api_keys WHERE name = $1'
        : `UPDATE platform.api_keys SET ${set} WHERE name = $1`,
      [name],
    );
    // It may be looked at more than once, and find the same again.
    const said = JSON.stringify(before);
    await until(() => Promise.resolve(held.refusal !== undefined || (!ends && JSON.stringify(held.actor) !== said)));
    expect(held.ended.aborted).toBe(ends);
    if (!ends)
      expect(held.actor).toEqual((await listKeys(pool)).map(actorIn).find((one) => one.name === held.actor.name));
    held.release();
  });

  it('that change while no notification arrives are looked at again as soon as the connection stands again', async () => {
    const { secret } = await createKey(pool, { name: 'unheard', roles: ['read'] });
    await settled();
    const held = (await here.hold(secret))!;
    await until(() => Promise.resolve(held.isSure));
    await cut();
    expect(await revokeKey(pool, 'unheard')).toMatchObject({ name: 'unheard' });
    await aborted(held.ended);
    expect(held.refusal).toMatchObject({ status: 401 });
    await settled();
  });

  it('are not trusted for long when a network swallows notifications, and open requests are ended then', async () => {
    const proxy = await SwallowingProxy.start(url);
    const deaf = new Keyring({ pool, url: proxy.url, adminKey: ADMIN, trustMs: 1_000 });
    const { secret } = await createKey(pool, { name: 'swallowed', roles: ['read'] });
    const { secret: kept } = await createKey(pool, { name: 'kept', roles: ['read'] });
    const held = (await deaf.hold(secret))!;
    const other = (await deaf.hold(kept))!;
    await until(async () => {
      await held.check();
      return held.isSure;
    });
    proxy.swallow = true;
    await revokeKey(pool, 'swallowed');
    await until(() => Promise.resolve(proxy.swallowed > 0));
    await aborted(held.ended);
    await gone(deaf, secret);
    await other.check();
    await deaf.close();
    await proxy.stop();
  });

  it('are looked up once for all that ask at the same time, and never answered from before the question', async () => {
    const { secret } = await createKey(pool, { name: 'crowd', roles: ['read'] });
    await settled();
    await cut();
    const before = queries;
    const first = Array.from({ length: 100 }, () => here.holderOf(secret));
    expect(new Set((await Promise.all(first)).map((actor) => actor?.name))).toEqual(new Set(['crowd']));
    expect(queries - before).toBeLessThan(20);
    await settled();
  });

  it('that are rotated work with their new secret only', async () => {
    const { secret: old } = await createKey(pool, { name: 'rotated', roles: ['audit'] });
    await here.holderOf(old);
    const { secret } = await rotateKey(pool, 'rotated');
    await gone(here, old);
    expect(await here.holderOf(secret)).toMatchObject({ name: 'rotated', roles: ['audit'] });
  });

  it('that are rotated with a grace time work with both secrets until then, and an earlier secret ends at once', async () => {
    const { secret: first } = await createKey(pool, { name: 'graced', roles: ['audit'] });
    const { secret: second } = await rotateKey(pool, 'graced', { graceMs: 3_600_000 });
    for (const secret of [first, second]) expect(await here.holderOf(secret)).toMatchObject({ name: 'graced' });
    const { secret: third, key } = await rotateKey(pool, 'graced', { graceMs: 3_600_000 });
    expect(key.previousEnds!.getTime()).toBeGreaterThan(Date.now());
    await gone(here, first);
    // It is told of the two rotations one after the other: the first secret may have gone with the first of them.
    await until(async () => (await here.hold(second))?.ends !== undefined);
    const held = (await here.hold(second))!;
    expect(held.ends).toEqual(key.previousEnds);
    expect((await here.hold(third))!.ends).toBeUndefined();
    await pool.query(`UPDATE platform.api_keys SET previous_ends = now() + interval '1.5 s' WHERE name = 'graced'`);
    await aborted(held.ended);
    await gone(here, second);
    expect(await here.holderOf(third)).toMatchObject({ name: 'graced' });
    await rotateKey(pool, 'graced', { graceMs: 3_600_000 });
    await revokeKey(pool, 'graced');
    await gone(here, third);
  });

  it('that expire end by themselves, in the middle of a request, too, and a later end makes them work with a new secret only', async () => {
    await expect(createKey(pool, { name: 'late', roles: ['read'], expires: new Date(0) })).rejects.toThrow(/is past/);
    const brief = async (ms: number) => {
      const name = `brief-${ms}`;
      const expires = new Date(Date.now() + ms);
      const { secret, key } = await createKey(pool, { name, roles: ['read'], expires });
      expect(key.expires).toEqual(expires);
      return { name, expires, secret, held: await here.hold(secret) };
    };
    let made = await brief(1_000);
    // A slow machine may hold it when it has ended already: then with more time.
    for (let ms = 4_000; made.held === undefined; ms *= 4) made = await brief(ms);
    const { name, expires, secret, held } = made;
    expect(held.ends).toEqual(expires);
    await aborted(held.ended);
    expect(Date.now()).toBeGreaterThanOrEqual(expires.getTime());
    expect(await here.holderOf(secret)).toBeUndefined();
    await expect(rotateKey(pool, name)).rejects.toThrow(/needs a later end/);
    const later = new Date(Date.now() + 3_600_000);
    const renewed = await rotateKey(pool, name, { graceMs: 60_000, expires: later });
    expect(await here.holderOf(renewed.secret)).toMatchObject({ name });
    expect(await here.holderOf(secret)).toBeUndefined();
  });

  it('that are used say when, without a write for each request', async () => {
    const { secret } = await createKey(pool, { name: 'used', roles: ['read'] });
    await createKey(pool, { name: 'unused', roles: ['read'] });
    const usedOf = async (name: string) => (await listKeys(pool)).find((key) => key.name === name)!.used;
    await settled();
    for (let i = 0; i < 100; i++) await here.holderOf(secret);
    await until(async () => (await usedOf('used')) !== undefined);
    const first = await usedOf('used');
    for (let i = 0; i < 100; i++) await here.holderOf(secret);
    const { rows } = await pool.query<{ writes: number }>(
      `SELECT n_tup_ins + n_tup_upd AS writes FROM pg_stat_user_tables WHERE relname = 'api_key_uses'`,
    );
    expect(rows[0]!.writes).toBeLessThan(50);
    expect(await usedOf('used')).toEqual(first);
    expect(await usedOf('unused')).toBeUndefined();
  });

  it('are looked up for every request while notifications cannot arrive, so a revocation takes effect then, too', async () => {
    const { secret } = await createKey(pool, { name: 'deaf', roles: ['read'] });
    await here.holderOf(secret);
    await cut();
    await revokeKey(pool, 'deaf');
    await gone(here, secret);
    await settled();
  });

  it('are not cached when a change was notified during their look-up', async () => {
    const { secret } = await createKey(pool, { name: 'raced', roles: ['read'] });
    await until(async () => (await here.holderOf(secret)) !== undefined);
    await pool.query(`UPDATE platform.api_keys SET party = 'again' WHERE name = 'raced'`);

    // A lookup that reads before the revocation commits, and answers after everybody was told of it.
    const late = createPool(url);
    const racing = new Keyring({ pool: late, url, adminKey: ADMIN });
    await until(async () => (await listeners()) === 3);
    const witness = (await racing.hold((await createKey(pool, { name: 'witness', roles: ['read'] })).secret))!;
    await until(async () => {
      await witness.check();
      return witness.isSure;
    });
    const query = late.query.bind(late) as (...args: unknown[]) => Promise<unknown>;
    const answerLate = async (...args: unknown[]) => {
      Object.assign(late, { query });
      const answer = await query(...args);
      await revokeKey(pool, 'raced');
      await until(() => Promise.resolve(!witness.isSure));
      return answer;
    };
    Object.assign(late, { query: answerLate });
    expect(await racing.holderOf(secret)).toMatchObject({ name: 'raced' }); // it was so when it was asked
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
