import { describe, expect, it } from 'vitest';
import type { Cluster } from './postgres/cluster.mjs';
import { Supervisor } from './supervisor.ts';

describe('a PostgreSQL whose disk is full', () => {
  it('says so until there is room, and is then up again, however often it could not start', async () => {
    let exit: (end: Awaited<Cluster['exited']>) => void = () => undefined;
    const exited = new Promise<Awaited<Cluster['exited']>>((resolve) => (exit = resolve));
    const cluster = (end: Cluster['exited']): Cluster =>
      ({ pid: 1, exited: end, stop: () => Promise.resolve() }) as unknown as Cluster;
    const said: string[] = [];
    let full = 10;
    const troubles = new Set<string | undefined>();
    const supervisor: Supervisor = new Supervisor(
      cluster(exited),
      () => {
        troubles.add(supervisor.trouble);
        full -= 1;
        if (full > 0) return Promise.reject(new Error('FATAL: could not write: No space left on device'));
        return Promise.resolve(cluster(new Promise(() => undefined)));
      },
      (message) => said.push(message),
      { folder: 'data', attempts: 3, pauseMs: 0 },
    );
    expect(supervisor.trouble).toBeUndefined();
    exit({ code: 1, signal: null });
    while (!said.includes('PostgreSQL is up again')) await new Promise((resolve) => setImmediate(resolve));
    expect(supervisor.trouble).toBeUndefined();
    const reason = 'the disk is full: make room, and it goes on by itself';
    expect([...troubles]).toEqual(['it has ended, and is started again', reason]);
    expect(said).toEqual([
      'PostgreSQL has ended (status 1): starting it again',
      `PostgreSQL does not start yet: ${reason}`,
      'PostgreSQL is up again',
    ]);
  });
});
