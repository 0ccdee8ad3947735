import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ConfigError } from '#platform/service/config';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embeddedPostgres.ts';

describe('the embedded PostgreSQL', () => {
  let dataDir: string;
  let server: EmbeddedPostgres | undefined;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-embedded-'));
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

  it('is made at the first start, reports that, and has its data again at the second start', async () => {
    const said: string[] = [];
    server = await startEmbeddedPostgres(dataDir, (message) => said.push(message));
    expect(said).toContain('making a new PostgreSQL cluster');
    await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await server.stop();
    server = await startEmbeddedPostgres(dataDir);
    expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('comes back after SIGKILL with everything that was committed', async () => {
    server = await startEmbeddedPostgres(dataDir);
    await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    await server.stop();
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

  it('takes over a folder whose process was killed', async () => {
    await writeFile(join(dataDir, 'lading.pid'), '4194000\n');
    server = await startEmbeddedPostgres(dataDir);
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
