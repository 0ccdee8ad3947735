import type pg from 'pg';
import { type Actor, type Role, roles } from './actor.ts';
import { type ActorRow, hashOf, newSecret, toActor } from './keyring.ts';

/** A key without its secret, which only its holder has. */
export interface ApiKey extends Actor {
  readonly created: Date;
  readonly rotated: Date | undefined;
  readonly revoked: Date | undefined;
}

export interface NewApiKey {
  readonly name: string;
  readonly roles: readonly Role[];
  /** All unless given. */
  readonly ledgers?: readonly string[] | 'all' | undefined;
  /** All unless given. */
  readonly sources?: readonly string[] | 'all' | undefined;
  readonly party?: string | undefined;
}

/** Says, in words for people, why a key cannot be made or changed. */
export class ApiKeyError extends Error {
  override readonly name = 'ApiKeyError';
  constructor(
    readonly code: 'already-exists' | 'not-found' | 'malformed',
    message: string,
  ) {
    super(message);
  }
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/;

/**
 * Makes a key. A name is never used again, because the journal records it with the events that the key submitted.
 * @returns the key with its secret, which is shown only this once
 * @throws ApiKeyError
 */
export async function createKey(pool: pg.Pool, key: NewApiKey): Promise<{ secret: string; key: ApiKey }> {
  if (!NAME.test(key.name) || key.name === 'admin') {
    throw new ApiKeyError(
      'malformed',
      `"${key.name}" is no name for a key: 1 to 100 letters, digits and ._:@-, not "admin"`,
    );
  }
  const unknown = key.roles.filter((role) => !roles.includes(role));
  if (key.roles.length === 0 || unknown.length > 0) {
    throw new ApiKeyError(
      'malformed',
      `a key needs one role or more of ${roles.join(', ')}, not "${unknown.join(', ')}"`,
    );
  }
  const secret = newSecret();
  const { rows } = await pool.query<Row>(
    `INSERT INTO platform.api_keys (name, hash, roles, ledgers, sources, party)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING RETURNING *`,
    [key.name, hashOf(secret), key.roles, listOrNull(key.ledgers), listOrNull(key.sources), key.party ?? null],
  );
  if (rows[0] === undefined) {
    throw new ApiKeyError(
      'already-exists',
      `there is a key "${key.name}", or was one: take another name, or rotate it`,
    );
  }
  return { secret, key: fromRow(rows[0]) };
}

/** All keys in the order of their names, the revoked ones included. */
export async function listKeys(pool: pg.Pool): Promise<ApiKey[]> {
  const { rows } = await pool.query<Row>('SELECT * FROM platform.api_keys ORDER BY name');
  return rows.map(fromRow);
}

/** Ends a key for good, in every process. Revoking it again changes nothing. @throws ApiKeyError `not-found` */
export async function revokeKey(pool: pg.Pool, name: string): Promise<ApiKey> {
  const { rows } = await pool.query<Row>(
    'UPDATE platform.api_keys SET revoked = coalesce(revoked, now()) WHERE name = $1 RETURNING *',
    [name],
  );
  if (rows[0] === undefined) throw new ApiKeyError('not-found', `there is no key "${name}"`);
  return fromRow(rows[0]);
}

/** Gives a key another secret; the old secret ends at once. @throws ApiKeyError `not-found`: unknown, or revoked */
export async function rotateKey(pool: pg.Pool, name: string): Promise<{ secret: string; key: ApiKey }> {
  const secret = newSecret();
  const { rows } = await pool.query<Row>(
    'UPDATE platform.api_keys SET hash = $2, rotated = now() WHERE name = $1 AND revoked IS NULL RETURNING *',
    [name, hashOf(secret)],
  );
  if (rows[0] === undefined) throw new ApiKeyError('not-found', `there is no key "${name}", or it is revoked`);
  return { secret, key: fromRow(rows[0]) };
}

interface Row extends ActorRow {
  created: Date;
  rotated: Date | null;
  revoked: Date | null;
}

function fromRow(row: Row): ApiKey {
  return {
    ...toActor(row),
    created: row.created,
    rotated: row.rotated ?? undefined,
    revoked: row.revoked ?? undefined,
  };
}

const listOrNull = (list: readonly string[] | 'all' | undefined): readonly string[] | null =>
  list === undefined || list === 'all' ? null : list;
