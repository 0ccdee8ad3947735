import { join } from 'node:path';
import pg from 'pg';
import { startCluster } from './postgres/cluster.mjs';
import { clientConfig } from '#platform/database/database';
import { holdFolder } from './holdFolder.ts';

const DATABASE = 'lading';

export interface EmbeddedPostgres {
  /** The URL of the database `lading`, with user and password. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<unknown>;
  /**
   * Disconnects all clients, writes a checkpoint, and releases the folder. A server that needs longer than `patienceMs`, or is frozen,
   * is ended: its data is there again at the next start, as after a crash.
   */
  stop(patienceMs?: number): Promise<void>;
}

/**
 * Starts the PostgreSQL of the installation on `dataDir/postgres`, which is made when it does not exist. One process may use the
 * folder at a time. The server stops when the process that started it ends, however that ends, and has its data again after a crash.
 *
 * @param log called with messages about steps that take long
 * @param options port: any free port unless given
 * @throws ConfigError when another process uses the folder, or the folder cannot be used
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  log: (message: string) => void = () => undefined,
  { port }: { readonly port?: number | undefined } = {},
): Promise<EmbeddedPostgres> {
  const release = await holdFolder(dataDir);
  try {
    const cluster = await startCluster({
      dataDir: join(dataDir, 'postgres'),
      log,
      ...(port !== undefined && { port }),
    });
    await createDatabase(cluster.url);
    const url = new URL(cluster.url);
    url.pathname = `/${DATABASE}`;
    return {
      url: url.href,
      pid: cluster.pid,
      exited: cluster.exited,
      stop: async (patienceMs) => {
        await cluster.stop(patienceMs);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function createDatabase(adminUrl: string): Promise<void> {
  const admin = new pg.Client(clientConfig(adminUrl, { name: 'lading start' }));
  await admin.connect();
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await admin.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await admin.end();
  }
}
