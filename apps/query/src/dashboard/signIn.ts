import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { createKey } from '#platform/keys/apiKeys';
import { POOL } from '#platform/service/tokens';

/** A link is for whoever has just read it on the terminal. */
const CODE_MS = 15 * 60_000;
/** A working day, so that nobody is asked in the middle of one. */
const KEY_MS = 12 * 60 * 60_000;
const CODES = 20;
const NAME = 'dashboard-';

/** Whether somebody was let in by a link. Names of keys are given by admins, and by this. */
export const isOfLink = ({ name }: { readonly name: string }): boolean => name.startsWith(NAME);

/** A key that the dashboard was signed in with, and when it ends (RFC 3339). */
interface SignedIn {
  readonly key: string;
  readonly expires: string;
}

/**
 * Links that open the dashboard signed in. A link has a code, not a key: the code works once, for a short time, and stands in the part of
 * the address that a browser does not send. It is in memory only, so a link ends with the process that printed it.
 */
@Injectable()
export class SignIn {
  readonly #codes = new Map<string, number>();

  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** @param now in milliseconds, on a clock that only goes forward */
  newCode(now = performance.now()): string {
    for (const [code, ends] of this.#codes) if (ends <= now || this.#codes.size >= CODES) this.#codes.delete(code);
    const code = randomBytes(24).toString('base64url');
    this.#codes.set(code, now + CODE_MS);
    return code;
  }

  /** @returns a key for this code; undefined when the code was used, is too old, or was never made here */
  async exchange(code: string, now = performance.now()): Promise<SignedIn | undefined> {
    const ends = this.#codes.get(code);
    this.#codes.delete(code);
    if (ends === undefined || ends <= now) return undefined;
    const expires = new Date(Date.now() + KEY_MS);
    // A name is never used again, and stands in the journal beside what was submitted with the key.
    const name = `${NAME}${expires.toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`;
    const roles = ['read', 'audit', 'shipments:write', 'reallocations:write', 'swaps:write'] as const;
    const { secret } = await createKey(this.pool, { name, roles, expires });
    return { key: secret, expires: expires.toISOString() };
  }
}
