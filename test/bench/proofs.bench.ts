import autocannon from 'autocannon';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { growTree } from '#journal/tree';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { tilePath } from '#proofs/tiles';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { median } from './percentile.ts';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { AUTHORIZATION, LEDGER } from './benchLedger.ts';
import { type Figure, shareOf } from './figure.ts';
import { type Server, startServer } from './server.ts';

export const name = 'proofs';

/** More than two full tiles of level 1. */
const SIZE = 150_000;
const CONNECTIONS = 32;
const ROUNDS = 7;
const ROUND_SECONDS = 2;

/**
 * Tiles and inclusion proofs of a ledger, of places all over it, from the front door in a process of its own, against a bare Fastify route
 * that answers the same number of bytes, or of hashes as JSON, in turns.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-proofs');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  const bare = await startServer(new URL('./bareServer.js', import.meta.url), {}, '/');
  try {
    await migrate(cluster.url, projectionMigrations);
    const pool = createPool(cluster.url, { timeouts: { statement: 0 } });
    await fill(pool);
    await pool.end();
    const env = { DATABASE_URL: cluster.url, LADING_ADMIN_KEY: KEY, LADING_DATA: folder };
    const door = await startServer(new URL('../../apps/query/src/main.js', import.meta.url), env, '/health/live');
    try {
      const L = `${door.url}/v1/ledgers/${LEDGER}`;
      const tile = (n: number) => `${L}/${tilePath({ level: 0, index: n % Math.floor(SIZE / 256), width: 256 })}`;
      const proof = (n: number) => `${L}/proofs/inclusion?sequence=${1 + (n % SIZE)}&size=${SIZE}`;
      const { body } = await answered(proof(77_777));
      const hashes = (JSON.parse(body) as { proof: string[] }).proof.length;
      // Tiles are kept for a minute: the first who asks for one waits for the database.
      for (let n = 0; n < SIZE / 256 - 1; n++) await answered(tile(n));
      return [
        ...(await beside(
          'tiles of 8 KB',
          { server: door, url: tile },
          { server: bare, url: () => `${bare.url}/bytes/8192` },
        )),
        ...(await beside(
          'inclusion proofs',
          { server: door, url: proof },
          { server: bare, url: () => `${bare.url}/hashes/${hashes}` },
        )),
      ];
    } finally {
      await door.stop();
    }
  } finally {
    await bare.stop();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const KEY = AUTHORIZATION.authorization.slice('Bearer '.length);

async function answered(url: string): Promise<{ body: string }> {
  const response = await fetch(url, { headers: AUTHORIZATION });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${body}`);
  return { body };
}

interface Side {
  readonly server: Server;
  readonly url: (n: number) => string;
}

/** In turns, so that whatever else the machine does takes from both. */
async function beside(what: string, ours: Side, bare: Side): Promise<Figure[]> {
  const rounds: { ours: Round; bare: Round }[] = [];
  for (const seconds of [1, ...Array.from({ length: ROUNDS }, () => ROUND_SECONDS)])
    rounds.push({ ours: await load(ours, seconds), bare: await load(bare, seconds) });
  // The first one warms up.
  const kept = rounds.slice(1);
  const medianOf = (side: 'ours' | 'bare', of: keyof Round) => median(kept.map((round) => round[side][of]));
  const perSecond = (side: 'ours' | 'bare') => Math.round(1_000_000 / medianOf(side, 'micros'));
  return [
    shareOf(`${what} served, in a second of processor time`, 'answers/s', perSecond('ours'), perSecond('bare'), 0.5),
    shareOf(`${what} served`, 'answers/s', medianOf('ours', 'rate'), medianOf('bare', 'rate'), 0.5),
  ];
}

/** What one server did in one turn. */
interface Round {
  readonly rate: number;
  /** Of processor time, for an answer. */
  readonly micros: number;
}

/** Of all threads of a process, in microseconds: Linux counts in hundredths of a second. */
async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10_000;
}

/** A prime, so that one place after the other is far from it. */
const STRIDE = 7_919;
let asked = 0;

async function load({ server, url }: Side, seconds: number): Promise<Round> {
  const before = await processorTime(server.pid);
  const result = await autocannon({
    url: new URL(url(0)).origin,
    connections: CONNECTIONS,
    duration: seconds,
    headers: AUTHORIZATION,
    requests: [
      {
        setupRequest: (request) => {
          const { pathname, search } = new URL(url((asked += STRIDE)));
          return { ...request, path: `${pathname}${search}` };
        },
      },
    ],
  });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx} refused, ${result.errors} failed`);
  const { total } = result.requests;
  return { rate: Math.round(total / result.duration), micros: ((await processorTime(server.pid)) - before) / total };
}

/** Events that nobody parses: some 300 bytes each. */
async function fill(pool: pg.Pool): Promise<void> {
  await pool.query(
    `INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
     SELECT $1, n, now(), now(), 'urn:bench', n::text, 't', 's', sha256(b), sha256('\\x00'::bytea || b), b
       FROM generate_series(1, $2::int) AS n, LATERAL convert_to(repeat(n::text, 50), 'UTF8') AS b`,
    [LEDGER, SIZE],
  );
  await pool.query('INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, $2, now())', [LEDGER, SIZE]);
  while ((await growTree(pool, LEDGER, 65_536)).size < SIZE);
  await pool.query('VACUUM ANALYZE');
}
