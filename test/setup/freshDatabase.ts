import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';

interface FreshDatabase {
  url: string;
  /** Ends all connections and drops the database. Optional: the whole cluster is deleted after the run. */
  drop(): Promise<void>;
}

interface FreshDatabaseOptions {
  /** Creates the tables. Runs once for all test files with the same `template`, on a database that is then copied (0.1 s). */
  migrate?: (url: string) => Promise<unknown>;
  /** The name of the template that `migrate` makes. By default callers whose `migrate` has the same source text share one. */
  template?: string;
}

const TEMPLATE_LOCK = 7_235_001;

/** The services' own role, as `npm start` and docker/database.sh make it: it owns its database, and may do nothing else. */
const SERVICE = { user: 'lading', password: 'of-the-tests' };
const MAKE_ROLE = `
  DO $$ BEGIN
    CREATE ROLE ${SERVICE.user} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '${SERVICE.password}';
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END $$`;

/** An empty database of the run's PostgreSQL, or a migrated one, that nobody else uses. */
export async function freshDatabase({ migrate, template }: FreshDatabaseOptions = {}): Promise<FreshDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(async (admin) => {
    await admin.query(MAKE_ROLE);
    const from = migrate === undefined ? 'template1' : await builtTemplate(admin, migrate, template ?? String(migrate));
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${from} OWNER ${SERVICE.user}`);
  });
  return {
    url: urlOf(name),
    drop: () => asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)).then(() => undefined),
  };
}

/** One test process builds the template while the others wait for the lock. The rename comes last: no half-built one is used. */
async function builtTemplate(
  admin: pg.Client,
  migrate: (url: string) => Promise<unknown>,
  of: string,
): Promise<string> {
  const name = `template_${createHash('sha256').update(of).digest('hex').slice(0, 12)}`;
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) {
      const building = `building_${randomBytes(6).toString('hex')}`;
      await admin.query(`CREATE DATABASE ${building} OWNER ${SERVICE.user}`);
      await migrate(urlOf(building));
      await admin.query('SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = $1', [building]);
      await admin.query(`ALTER DATABASE ${building} RENAME TO ${name}`);
    }
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
  return name;
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl() });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(database: string): string {
  return Object.assign(new URL(adminUrl()), {
    pathname: `/${database}`,
    username: SERVICE.user,
    password: SERVICE.password,
  }).href;
}

function adminUrl(): string {
  const url = process.env.LADING_TEST_DATABASE_URL;
  if (url === undefined) throw new Error('there is no PostgreSQL here: only *.int.spec.ts and *.e2e.spec.ts have one');
  return url;
}
