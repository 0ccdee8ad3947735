import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { freePort } from '#test/setup/freePort';

describe('npm start', () => {
  let dataDir: string;
  let env: Record<string, string | undefined>;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-start-'));
    env = {
      ...process.env,
      LADING_DATA: dataDir,
      LADING_PORT: String(await freePort()),
      DATABASE_URL: '',
      KAFKA_BROKERS: '',
    };
  });
  afterAll(() => rm(dataDir, { recursive: true }));

  const start = (...args: string[]) =>
    spawn(process.execPath, [join(packageRoot, 'scripts/start.mjs'), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const whole = async (...args: string[]) => {
    const child = start(...args);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output, said };
  };

  it('plays the memo on an empty data folder, prints who holds what, and stops with --exit', async () => {
    const { code, output } = await whole('--exit');
    expect(code).toBe(0);
    expect(output).toContain('│ x     │ x               │ H100 │ PO-TSLA-1 line 1 │ held  │ 12,000 │');
    expect(output).toContain('│ tesla │ H100 │ PO-X-1 line 2 │ ordered │ 6,000 │');
    expect(output).toContain('│ tesla │ H100 │ 12,000 │    6,000 │ is owed 6,000');
    expect(output).toMatch(/related-party[\s\S]*redirected/);
    const key = (await readFile(join(dataDir, 'admin.key'), 'utf8')).trim();
    expect(output).not.toContain(key);
    expect(output).toMatch(/Stopping\. The data stays; "npm start" continues with it\.\n$/);
  });

  it('makes the admin key readable for its owner alone', async () => {
    expect((await stat(join(dataDir, 'admin.key'))).mode & 0o777).toBe(0o600);
  });

  it('finds its data again, and plays nothing twice', async () => {
    const { code, output, said } = await whole('--exit');
    expect(code).toBe(0);
    // Progress only: no warning that nobody can do anything about.
    expect(said).not.toContain('"level"');
    expect(output).not.toContain('━━');
    expect(output).toContain('│ tesla │ H100 │ 12,000 │    6,000 │ is owed 6,000');
  });

  it('runs until Ctrl-C, and leaves no process and no lock behind', async () => {
    const child = start();
    let output = '';
    for await (const chunk of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
      output += chunk;
      if (output.includes('Ctrl-C stops it.')) break;
    }
    expect(output).toContain(`The admin key is in ${join(dataDir, 'admin.key')}.`);
    expect(output.match(/^ {2}(LADING_|curl)/gm)).toHaveLength(3);
    const { pid } = JSON.parse(await readFile(join(dataDir, 'running.json'), 'utf8')) as { pid: number };
    expect(pid).toBe(child.pid);
    // What it runs from is not installed anew beneath it (test/cli/packages.e2e.spec.ts).
    const needsPackages = join(packageRoot, '.cache/running', String(pid));
    expect(existsSync(needsPackages)).toBe(true);
    const postgres = Number(
      (await readFile(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0],
    );

    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect([needsPackages, join(dataDir, 'running.json')].filter(existsSync)).toEqual([]);
    expect(existsSync(join(dataDir, 'lading.pid'))).toBe(false);
    if (postgres > 0) expect(() => process.kill(postgres, 0)).toThrow();
  });
});
