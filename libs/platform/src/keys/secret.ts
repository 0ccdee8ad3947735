import { hash, randomBytes } from 'node:crypto';

/** A new API key: 256 bits of chance, safe in a URL and a header, and recognisable when it leaks into a repository. */
export function newSecret(): string {
  return `lading_${randomBytes(32).toString('base64url')}`;
}

/**
 * What is kept of a key. A plain SHA-256: nobody can guess 256 bits, so a slow password hash would only slow us down. A lookup
 * by it is timing-safe as well: what a lookup takes tells about the hash, of which nothing leads back to the key.
 */
export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
