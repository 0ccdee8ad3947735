import { afterAll, beforeAll, expect, it } from 'vitest';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeKafka } from '#test/setup/kafka';
import { portsTaken } from '../../scripts/stack/portsTaken.mjs';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

/** In the order of their ports, and in which they stop. */
const SERVICES = ['query', 'shipments', 'reallocations', 'swaps', 'relay', 'projector', 'signer'];

describeKafka('npm run stack', () => {
  let dataDir: string;
  let port: number;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-stack-'));
    port = await sixFreePorts();
  });
  afterAll(() => rm(dataDir, { recursive: true }));

  const stack = (args: string[], settings: Record<string, string> = {}) =>
    new Promise<Ended>((resolve) => {
      const env = { ...process.env, LADING_DATA: dataDir, LADING_PORT: String(port), ...settings };
      execFile(process.execPath, ['scripts/stack.mjs', ...args], { env }, (error, out, said) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, said });
      });
    });

  it('brings up every service on a PostgreSQL and a Kafka of its own, shows where, and stops them in order', async () => {
    const { code, out, said } = await stack(['--exit']);
    expect({ code, why: code === 0 ? '' : said }).toEqual({ code: 0, why: '' });
    for (const [offset, name] of SERVICES.entries()) {
      expect(out).toMatch(new RegExp(`^ +${name} +http://127.0.0.1:${port + offset} `, 'm'));
    }
    expect(out).toMatch(/^ +key +in \S+admin[.]key$/m);
    expect(out).not.toMatch(/lading_[A-Za-z0-9_-]{43}/);
    expect(said.match(/stopping .*/g)).toEqual([...SERVICES, 'Kafka', 'PostgreSQL'].map((name) => `stopping ${name}`));
    expect(await portsTaken(port)).toEqual([]);
  });

  it('says which port is taken, and by which of its services it is wanted, before it starts anything', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port + 3, '127.0.0.1', resolve));
    const { code, said } = await stack([]);
    other.close();
    expect(code).toBe(2);
    expect(said).toMatch(
      new RegExp(`listens on ${port + 3} \\(swaps\\): stop it, or set LADING_PORT to the first of seven free ports\n$`),
    );
    expect(said).not.toContain('PostgreSQL and Kafka');
  });

  it('says that Java is missing where it is, and what runs without', async () => {
    const path = await mkdtemp(join(dataDir, 'path-'));
    for (const program of ['sh', 'git']) await symlink(`/bin/${program}`, join(path, program)).catch(() => undefined);
    const { code, said } = await stack([], { PATH: path });
    expect(code).toBe(2);
    expect(said).toMatch(/Kafka needs Java 17 or later, .*"npm start", which does without\n$/);
  });

  it.each([
    [['--brokers', '2'], {}, /--brokers 2: give 1 or 3$/m],
    [['--brokers'], {}, /--brokers: give 1 or 3$/m],
    [['--brokers', '3'], { KAFKA_BROKERS: '127.0.0.1:9092' }, /is started here: unset KAFKA_BROKERS$/m],
  ])('says which brokers it can start when it is asked for %s', async (args, settings, why) => {
    const { code, said } = await stack(args, settings);
    expect(code).toBe(2);
    expect(said).toMatch(why);
  });

  it('says what is wrong with a setting once, and not by seven processes', async () => {
    const { code, said } = await stack([], { LOG_LEVEL: 'loud' });
    expect(code).toBe(2);
    expect(said.match(/LOG_LEVEL/g)).toHaveLength(1);
    expect(said).toMatch(/LOG_LEVEL=loud is not a level: give one of .*\n$/);
  });
});

async function sixFreePorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    if ((await portsTaken(first)).length === 0) return first;
  }
}
