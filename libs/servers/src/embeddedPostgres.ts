import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type Cluster, startCluster } from './postgres/cluster.mjs';
import { clientConfig } from '#platform/database/database';
import { holdFolder } from './holdFolder.ts';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';

const DATABASE = 'lading';
const ROLE = 'lading';

export interface EmbeddedPostgres {
  /** The URL of the database `lading`, with the password of the role that owns it. It stays the same when the server is started again. */
  readonly url: string;
  /** Of the server that runs now. */
  readonly pid: number;
  /** Why no server runs at this moment, and what to do; undefined while one does. */
  readonly trouble: string | undefined;
  /** Resolves when the server was stopped; rejects, with what to do, when it has ended and cannot be started again. */
  readonly ended: Promise<void>;
  /**
   * Disconnects all clients, writes a checkpoint, and releases the folder. A server that needs longer than `patienceMs`, or is frozen,
   * is ended: its data is there again at the next start, as after a crash.
   */
  stop(patienceMs?: number): Promise<void>;
}

interface EmbeddedPostgresOptions extends SupervisorOptions {
  /** Any free port unless given. */
  readonly port?: number | undefined;
}

/**
 * Starts the PostgreSQL of the installation on `dataDir/postgres`, which is made when it does not exist. One process may use the
 * folder at a time. The server stops when the process that started it ends, however that ends, and has its data again after a crash.
 * A server that ends by itself, or is killed, is started again on the same data and port.
 *
 * @param log called with messages about steps that take long, and when the server has ended
 * @throws ConfigError when another process uses the folder, or the folder cannot be used
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  log: (message: string) => void = () => undefined,
  options: EmbeddedPostgresOptions = {},
): Promise<EmbeddedPostgres> {
  const release = await holdFolder(dataDir);
  let cluster: Cluster | undefined;
  try {
    const folder = join(dataDir, 'postgres');
    const start = (port: number | undefined, signal?: AbortSignal) =>
      startCluster({ dataDir: folder, log, ...(port !== undefined && { port }), ...(signal && { signal }) });
    cluster = await start(options.port);
    const { port } = cluster;
    const url = await createDatabase(cluster.url, dataDir);
    const supervisor = new Supervisor(cluster, (signal) => start(port, signal), log, { folder, ...options });
    return {
      url,
      get pid() {
        return supervisor.pid;
      },
      get trouble() {
        return supervisor.trouble;
      },
      ended: supervisor.ended,
      stop: async (patienceMs) => {
        await supervisor.stop(patienceMs);
        await release();
      },
    };
  } catch (error) {
    await cluster?.stop();
    await release();
    throw error;
  }
}

/**
 * Makes the database and its owner, a role that may do nothing outside of it, unless they exist.
 * @returns the URL of the database, for that role
 */
async function createDatabase(adminUrl: string, dataDir: string): Promise<string> {
  const password = await rolePassword(join(dataDir, 'database.password'));
  await asAdmin(adminUrl, async (admin) => {
    const roles = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [ROLE]);
    if (roles.rowCount === 0) await admin.query(`CREATE ROLE ${ROLE}`);
    await admin.query(
      `ALTER ROLE ${ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
       PASSWORD ${admin.escapeLiteral(password)}`,
    );
    const databases = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    await admin.query(
      databases.rowCount === 0
        ? `CREATE DATABASE ${DATABASE} OWNER ${ROLE}`
        : `ALTER DATABASE ${DATABASE} OWNER TO ${ROLE}`,
    );
    await admin.query('REVOKE ALL ON DATABASE postgres FROM PUBLIC');
  });
  const url = new URL(adminUrl);
  url.pathname = `/${DATABASE}`;
  await asAdmin(url.href, (admin) => admin.query(HAND_OVER));
  url.username = ROLE;
  url.password = password;
  return url.href;
}

async function rolePassword(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept !== '') return kept.trim();
  const password = randomBytes(18).toString('base64url');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/** In earlier versions the superuser, whose number is always 10, owned what Lading made. */
const HAND_OVER = `
DO $$
DECLARE statement text;
BEGIN
  FOR statement IN
    WITH ours AS (
      SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    )
    SELECT format('ALTER SCHEMA %I OWNER TO ${ROLE}', nspname) FROM ours WHERE nspowner = 10
    UNION ALL
    SELECT format('ALTER %s %I.%I OWNER TO ${ROLE}', CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, nspname, relname)
    FROM pg_class c JOIN ours ON ours.oid = relnamespace
    WHERE relowner = 10 AND relkind IN ('r', 'p', 'S', 'v')
      -- The sequence of a column follows its table.
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') AND relkind = 'S')
    UNION ALL
    SELECT format('ALTER ROUTINE %s OWNER TO ${ROLE}', p.oid::regprocedure)
    FROM pg_proc p JOIN ours ON ours.oid = pronamespace WHERE proowner = 10
    UNION ALL
    SELECT format('ALTER TYPE %I.%I OWNER TO ${ROLE}', nspname, typname)
    FROM pg_type JOIN ours ON ours.oid = typnamespace WHERE typowner = 10 AND typtype IN ('e', 'd')
  LOOP
    EXECUTE statement;
  END LOOP;
END $$`;

async function asAdmin(url: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client(clientConfig(url, { name: 'lading start' }));
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
