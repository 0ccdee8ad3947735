import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startBroker } from './kafka/broker.mjs';
import { startCluster } from './postgres/cluster.mjs';
import { eventually } from '#test/feed/eventually';
import { someEvents } from '#test/feed/someEvents';
import { Topics } from '#test/feed/topics';
import { describeKafka } from '#test/setup/kafka';
import { putCluster } from '#test/setup/putCluster';
import { temporaryFolder } from '#test/setup/temporaryFolder';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder('servers');
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

async function rows(url: string, sql: string) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  it('keeps what was committed when it is killed, and starts again although its postmaster.pid was left behind', async () => {
    const dataDir = join(folder, 'killed');
    await putCluster(dataDir);
    let cluster = await startCluster({ dataDir });
    await rows(cluster.url, 'CREATE TABLE crates AS SELECT 7 AS id');
    for (const pidFile of ['as it was left', `${process.pid}\n/elsewhere\n`]) {
      await cluster.kill();
      // The second time the number has gone to another living process, as after a reboot.
      if (pidFile.startsWith(String(process.pid))) await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), pidFile);
      cluster = await startCluster({ dataDir, port: cluster.port });
      expect(await rows(cluster.url, 'SELECT id FROM crates')).toEqual([{ id: 7 }]);
    }
    await cluster.stop();
  });

  it('is durable by default, and listens on this machine alone, with a password', async () => {
    const dataDir = join(folder, 'settings');
    await putCluster(dataDir);
    const cluster = await startCluster({ dataDir });
    const [settings] = await rows(
      cluster.url,
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
              current_setting('listen_addresses') AS host, current_setting('unix_socket_directories') AS sockets`,
    );
    expect(settings).toEqual({ fsync: 'on', commit: 'on', host: '127.0.0.1', sockets: '' });
    const wrong = new URL(cluster.url);
    wrong.password = 'guessed';
    await expect(rows(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await cluster.stop();
  });

  it('leaves nothing that looks like a cluster when its creation was interrupted', async () => {
    const dataDir = join(folder, 'interrupted');
    await (await startCluster({ dataDir })).stop();
    await rm(join(dataDir, 'cluster'), { recursive: true });
    await writeFile(join(dataDir, 'cluster.new-1234'), 'half');
    await (await startCluster({ dataDir })).stop();
    expect((await readdir(dataDir)).sort()).toEqual(['cluster', 'password', 'postgres.log']);
  });
});

describeKafka('the Kafka that tests may kill', () => {
  it('is the same broker, with the same topics and what is in them on the same port, after SIGKILL', async () => {
    const dataDir = join(folder, 'kafka');
    const first = await startBroker({ dataDir });
    const topics = new Topics([first.brokers]);
    await topics.make('crates', 1);
    await topics.send('crates', someEvents('nvidia', 1, 3));
    await first.kill();
    const second = await startBroker({ dataDir });
    expect(second.brokers).toBe(first.brokers);
    await eventually(async () => {
      expect(await topics.read('crates')).toHaveLength(3);
    });
    await second.stop();
  });
});
