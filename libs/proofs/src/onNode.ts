import { createPublicKey, hash, verify } from 'node:crypto';
import { concat, type Primitives } from './primitives.ts';

/** An Ed25519 public key in SPKI form is these bytes and the 32 of the key (RFC 8410). */
const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/** node:crypto, at once. */
export const onNode = {
  sha256: (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer'),
  verifies: (publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean => {
    if (publicKey.length !== 32) return false;
    const key = createPublicKey({ key: Buffer.from(concat([SPKI, publicKey])), format: 'der', type: 'spki' });
    return verify(null, data, key, signature);
  },
} satisfies Primitives;
