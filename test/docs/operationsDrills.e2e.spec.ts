import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import type { Problem } from '#contracts/problem';
import { eventually } from '#test/feed/eventually';
import { freePort } from '#test/setup/freePort';
import { putCluster } from '#test/setup/putCluster';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { comparable, type Example, examplesIn } from './blocks.ts';
import { Shell } from './shell.ts';

const ADMIN = 'oPeRaTiOnS-dRiLlS-9f8e7d6c5b4a39281706';
const chapter = (name: string): Example[] =>
  examplesIn(join(packageRoot, 'docs/operations.md')).filter((example) => example.chapter === name);

/** A small disk; undefined where nobody but root may make one. */
function smallDisk(folder: string): (() => void) | undefined {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=180m,mode=711', 'tmpfs', folder], {
    stdio: 'ignore',
  });
  return status === 0 ? () => execFileSync('umount', ['-l', folder]) : undefined;
}

describe('the runbook docs/operations.md, walked as written where something is lost or broken, does what it says', () => {
  let folder: string;
  let data: string;
  let port: string;
  let child: ChildProcess | undefined;
  let shell: Shell;

  beforeEach(async () => {
    folder = await temporaryFolder('drill');
    data = join(folder, 'data');
    port = String(await freePort());
    shell = new Shell(packageRoot, { LADING_PORT: port, LADING_DATA: data, LADING_ADMIN_KEY: ADMIN });
  });
  afterEach(async () => {
    await stop('SIGKILL');
    await shell.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const start = async () => {
    const settings = { LADING_PORT: port, LADING_DATA: data, LADING_ADMIN_KEY: ADMIN };
    child = spawn(process.execPath, [join(packageRoot, 'scripts/lading.mjs'), 'up'], {
      env: { ...process.env, DATABASE_URL: '', KAFKA_BROKERS: '', NODE_OPTIONS: '', ...settings },
      stdio: 'ignore',
    });
    await eventually(async () => {
      expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
    });
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  const send = async (method: string, path: string, type: string, body: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/ledgers/well${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': type },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Problem };
  };
  const open = () => send('PUT', '', 'application/json', { name: 'Well', keeper: 'nvidia' });
  const submit = (id: string) =>
    send('POST', '/events', 'application/cloudevents+json', {
      ...{ specversion: '1.0', id, source: 'urn:test', time: '2024-01-01T00:00:00Z' },
      ...{ type: 'lading.party.registered.v1', data: { party: id, name: id, roles: ['customer'] } },
    });
  const walk = async ({ where, script, prints }: Example) => {
    const { code, output, said } = await shell.run(script);
    expect({ where, code, said: code === 0 ? '' : said }).toEqual({ where, code: 0, said: '' });
    if (prints !== undefined) expect(comparable(output)).toBe(comparable(prints));
  };

  it('the disk is full', async () => {
    const [shows, passes] = chapter('The disk is full');
    await mkdir(data);
    const unmount = smallDisk(data);
    if (unmount === undefined) {
      process.stderr.write(
        'NOT WALKED: "The disk is full": only root can make a small disk, where mounting is allowed\n',
      );
      return;
    }
    try {
      await start();
      await open();
      const ballast = join(data, 'ballast');
      await writeFile(ballast, Buffer.alloc(300_000_000)).catch(() => undefined);
      let sent = 0;
      // There is room in files that are there already: until that is used up, events are taken.
      await eventually(async () => {
        await Promise.all(Array.from({ length: 20 }, () => submit(`p-${sent++}`)));
        expect((await submit(`p-${sent++}`)).body.code).toBe('disk-full');
      });
      await eventually(() => walk(shows!));
      await rm(ballast);
      await walk(passes!);
      expect((await submit('with-room')).status).toBe(201);
    } finally {
      await stop();
      unmount();
    }
  });

  it('a process has stopped', async () => {
    await putCluster(join(data, 'postgres'));
    await start();
    await open();
    expect((await submit('before')).status).toBe(201);
    for (const example of chapter('A process has stopped')) await walk(example);
    expect((await submit('before')).status).toBe(200);
  });

  it('restore from a backup', async () => {
    const [backup, restore, check] = chapter('Restore from a backup');
    await putCluster(join(data, 'postgres'));
    await start();
    await open();
    await submit('backed-up');
    await stop();
    await walk(backup!);
    await start();
    await submit('lost');
    await stop();
    await walk(restore!);
    await start();
    await walk(check!);
    expect((await submit('backed-up')).status).toBe(200);
    expect((await submit('lost')).status).toBe(201);
  });
});
