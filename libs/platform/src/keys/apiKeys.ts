import type pg from 'pg';
import { isReserved, LedgerId, PartyId, Source } from '#contracts/scalars';
import { type Actor, type ActorRow, type Role, roles, toActor } from './actor.ts';
import { hashOf, newSecret } from './keyring.ts';

/** A key without its secret, which only its holder has. */
export interface ApiKey extends Actor {
  readonly created: Date;
  /** When it ends by itself; undefined: it does not. */
  readonly expires: Date | undefined;
  readonly rotated: Date | undefined;
  /** Until when the secret before the last rotation works; undefined: there is none, or it has ended. */
  readonly previousEnds: Date | undefined;
  readonly revoked: Date | undefined;
  /** About when a request came with it last, up to a minute earlier than it did; undefined: never. */
  readonly used: Date | undefined;
}

export interface NewApiKey {
  readonly name: string;
  readonly roles: readonly Role[];
  /** All unless given. */
  readonly ledgers?: readonly string[] | 'all' | undefined;
  /** All unless given. */
  readonly sources?: readonly string[] | 'all' | undefined;
  readonly party?: string | undefined;
  /** Never unless given. */
  readonly expires?: Date | undefined;
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
  refuseNames(key);
  refuseThePast(key.expires);
  const secret = newSecret();
  const { rows } = await pool.query<Row>(
    `INSERT INTO platform.api_keys (name, hash, roles, ledgers, sources, party, expires)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING RETURNING *`,
    [
      ...[key.name, hashOf(secret), key.roles, listOrNull(key.ledgers), listOrNull(key.sources)],
      ...[key.party ?? null, key.expires ?? null],
    ],
  );
  if (rows[0] === undefined) {
    throw new ApiKeyError(
      'already-exists',
      `there is a key "${key.name}", or was one: take another name, or rotate it`,
    );
  }
  return { secret, key: fromRow(rows[0]) };
}

/** A key for a ledger, source or party that no event can name would be a key for nothing. */
function refuseNames({ ledgers, sources, party }: NewApiKey): void {
  const named = [
    ...[ledgers ?? []]
      .flat()
      .map((ledger) => ['ledger', ledger, ledger === 'all' || LedgerId.safeParse(ledger).success]),
    ...[sources ?? []].flat().map((source) => ['source', source, source === 'all' || isClients(source)]),
    ...(party === undefined ? [] : [['party', party, PartyId.safeParse(party).success]]),
  ] as const;
  const wrong = named.find(([, , fits]) => fits !== true);
  if (wrong !== undefined)
    throw new ApiKeyError('malformed', `${JSON.stringify(wrong[1])} is no ${String(wrong[0])} that a key can be for`);
}

const isClients = (source: string): boolean => Source.safeParse(source).success && !isReserved(source);

/** All keys in the order of their names, the revoked ones included. */
export async function listKeys(pool: pg.Pool): Promise<ApiKey[]> {
  const { rows } = await pool.query<Row>(
    'SELECT * FROM platform.api_keys LEFT JOIN platform.api_key_uses USING (name) ORDER BY name',
  );
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

/** Where an expired key gets a new end, its old secret does not come back to life with it. */
const ROTATE = `
  UPDATE platform.api_keys SET
    hash = $2, rotated = now(), expires = coalesce($4, expires),
    previous_hash = CASE WHEN $3 > 0 AND (expires IS NULL OR expires > now()) THEN hash END,
    previous_ends = CASE WHEN $3 > 0 AND (expires IS NULL OR expires > now())
                         THEN least(expires, now() + $3 * interval '1 millisecond') END
  WHERE name = $1 AND revoked IS NULL AND (coalesce($4, expires) IS NULL OR coalesce($4, expires) > now())
  RETURNING *`;

/**
 * Gives a key another secret. The one that it had ends after the grace time, at once without one; any earlier one ends at once.
 * @throws ApiKeyError `not-found`: unknown, revoked, or expired and given no later end
 */
export async function rotateKey(
  pool: pg.Pool,
  name: string,
  { graceMs = 0, expires }: { readonly graceMs?: number; readonly expires?: Date | undefined } = {},
): Promise<{ secret: string; key: ApiKey }> {
  refuseThePast(expires);
  const secret = newSecret();
  const { rows } = await pool.query<Row>(ROTATE, [name, hashOf(secret), graceMs, expires ?? null]);
  if (rows[0] === undefined) {
    throw new ApiKeyError(
      'not-found',
      `there is no key "${name}", or it is revoked, or it has expired and needs a later end`,
    );
  }
  return { secret, key: fromRow(rows[0]) };
}

function refuseThePast(expires: Date | undefined): void {
  if (expires === undefined || expires.getTime() > Date.now()) return;
  throw new ApiKeyError(
    'malformed',
    `a key cannot expire at ${expires.toISOString()}, which is past: give a later time`,
  );
}

interface Row extends ActorRow {
  created: Date;
  expires: Date | null;
  rotated: Date | null;
  previous_ends: Date | null;
  revoked: Date | null;
  used?: Date | null;
}

function fromRow(row: Row): ApiKey {
  return {
    ...toActor(row),
    created: row.created,
    expires: row.expires ?? undefined,
    rotated: row.rotated ?? undefined,
    previousEnds:
      row.previous_ends !== null && row.previous_ends.getTime() > Date.now() ? row.previous_ends : undefined,
    revoked: row.revoked ?? undefined,
    used: row.used ?? undefined,
  };
}

const listOrNull = (list: readonly string[] | 'all' | undefined): readonly string[] | null =>
  list === undefined || list === 'all' ? null : list;
