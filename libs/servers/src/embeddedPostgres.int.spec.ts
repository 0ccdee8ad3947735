import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chmod, lstat, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ConfigError } from '#platform/service/config';
import { putCluster } from '#test/setup/putCluster';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embeddedPostgres.ts';

describe('the embedded PostgreSQL', () => {
  let dataDir: string;
  let server: EmbeddedPostgres | undefined;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-embedded-'));
    await putCluster(join(dataDir, 'postgres'));
  });
  afterEach(async () => {
    await server?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const ask = async (url: string, sql: string) => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  const superuserOf = async ({ url }: EmbeddedPostgres): Promise<string> => {
    const superuser = new URL(url);
    superuser.username = 'postgres';
    superuser.password = (await readFile(join(dataDir, 'postgres/password'), 'utf8')).trim();
    return superuser.href;
  };

  it('is made at the first start, reports that, and has its data again at the second start', async () => {
    const said: string[] = [];
    const fresh = join(dataDir, 'fresh');
    server = await startEmbeddedPostgres(fresh, (message) => said.push(message));
    expect(said).toContain('making a new PostgreSQL cluster');
    await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await server.stop();
    server = await startEmbeddedPostgres(fresh);
    expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  /** Asks until the server answers. */
  const askInTheEnd = async (url: string, sql: string) => {
    for (;;) {
      const rows = await ask(url, sql).catch(() => undefined);
      if (rows !== undefined) return rows;
      await sleep(20);
    }
  };

  it('is started again when it is killed, on the same port, with everything that was committed, as often as it takes', async () => {
    const said: string[] = [];
    server = await startEmbeddedPostgres(dataDir, (message) => said.push(message), { pauseMs: 10 });
    await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    for (let time = 0; time < 3; time++) {
      const { pid } = server;
      process.kill(pid, 'SIGKILL');
      while (server.pid === pid) await sleep(20);
      expect(await askInTheEnd(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    }
    expect(said.filter((message) => message === 'PostgreSQL has ended (SIGKILL): starting it again')).toHaveLength(3);
  });

  it('is given up when it cannot be started again, with what to do and what its log says', async () => {
    server = await startEmbeddedPostgres(dataDir, undefined, { pauseMs: 10, attempts: 2 });
    const control = join(dataDir, 'postgres', 'cluster', 'global', 'pg_control');
    await rename(control, `${control}.away`);
    process.kill(server.pid, 'SIGKILL');
    await expect(server.ended).rejects.toThrow(
      /^PostgreSQL has ended and cannot be started again\. Look at .*postgres\.log.*pg_control/s,
    );
    await rename(`${control}.away`, control);
  });

  it('is not started again when it is stopped, also when that comes while it is being started again', async () => {
    const said: string[] = [];
    server = await startEmbeddedPostgres(dataDir, (message) => said.push(message), { pauseMs: 60_000 });
    process.kill(server.pid, 'SIGKILL');
    while (!said.includes('PostgreSQL has ended (SIGKILL): starting it again')) await sleep(5);
    await server.stop();
    server = await startEmbeddedPostgres(dataDir);
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('ends when it is told to stop although it is frozen (SIGSTOP), and has its data at the next start', async () => {
    server = await startEmbeddedPostgres(dataDir);
    await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(server.pid, 'SIGSTOP');
    await server.stop(600);
    server = await startEmbeddedPostgres(dataDir);
    expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('refuses a folder that is in use, names the process that uses it, and harms nothing', async () => {
    server = await startEmbeddedPostgres(dataDir);
    const second = startEmbeddedPostgres(dataDir);
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(`${dataDir} is in use by process ${process.pid}: stop that one first`);
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('serves a role that may do nothing outside of its database, and owns what earlier versions made there', async () => {
    server = await startEmbeddedPostgres(dataDir);
    const [role] = await ask(
      server.url,
      `SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS powerful FROM pg_roles
       WHERE rolname = current_user`,
    );
    expect(role).toEqual({ powerful: false });
    for (const sql of ["SELECT pg_read_file('/etc/passwd')", "COPY pg_class TO PROGRAM 'cat'", 'CREATE ROLE other']) {
      await expect(ask(server.url, sql)).rejects.toThrow(/permission denied|must be superuser|privilege/i);
    }
    const asSuperuser = await superuserOf(server);
    await ask(
      asSuperuser,
      `CREATE SCHEMA old; CREATE TABLE old.kept (id int GENERATED ALWAYS AS IDENTITY, n int);
       CREATE VIEW old.seen AS SELECT n FROM old.kept; CREATE TYPE old.kind AS ENUM ('a');
       CREATE FUNCTION old.one() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    );
    await server.stop();
    server = await startEmbeddedPostgres(dataDir);
    await ask(
      server.url,
      `INSERT INTO old.kept (n) VALUES (1); ALTER TABLE old.kept ADD m int; DROP FUNCTION old.one();
       ALTER TYPE old.kind ADD VALUE 'b'; DROP SCHEMA old CASCADE`,
    );
  });

  it('runs with no capability, no group and no secret of the process that started it, and reads no file of root', async () => {
    process.env.LADING_TEST_SECRET = 'a-secret-of-the-owner';
    server = await startEmbeddedPostgres(dataDir);
    delete process.env.LADING_TEST_SECRET;
    expect(await readFile(`/proc/${server.pid}/environ`, 'utf8')).not.toContain('a-secret-of-the-owner');
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1];
    expect(field('CapEff')).toBe('0000000000000000');
    if (process.getuid?.() !== 0) return;
    expect({ groups: field('Groups')?.trim(), bounding: field('CapBnd'), more: field('NoNewPrivs') }).toEqual({
      groups: '',
      bounding: '0000000000000000',
      more: '1',
    });
    const asSuperuser = await superuserOf(server);
    await expect(ask(asSuperuser, "SELECT pg_read_file('/etc/shadow')")).rejects.toThrow(/Permission denied/);
    await expect(ask(asSuperuser, `SELECT pg_read_file('${dataDir}/database.password')`)).rejects.toThrow(
      /Permission denied/,
    );
  });

  it('keeps its data where its user may go when that user may not enter the data folder', async () => {
    if (process.getuid?.() !== 0) return; // Everybody else runs PostgreSQL as themselves.
    await chmod(dataDir, 0o700);
    const inside = join(dataDir, 'inside');
    server = await startEmbeddedPostgres(inside);
    await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await server.stop();
    expect((await lstat(join(inside, 'postgres'))).isSymbolicLink()).toBe(true);
    server = await startEmbeddedPostgres(inside);
    expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await server.stop();
    await rm(await realpath(join(inside, 'postgres')), { recursive: true });
  });

  it('takes over a folder whose process was killed', async () => {
    await writeFile(join(dataDir, 'lading.pid'), '4194000\n');
    server = await startEmbeddedPostgres(dataDir);
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
