/** 32 bytes: of a leaf, of a node, or the root of a tree (SHA-256). */
export type Hash = Uint8Array;

export type Maybe<T> = T | Promise<T>;

/** What a verifier needs of cryptography. Node has it at once (`onNode`), a browser's WebCrypto when asked (`inBrowser`). */
export interface Primitives {
  readonly sha256: (data: Uint8Array) => Maybe<Hash>;
  /** Whether an Ed25519 signature (64 bytes, RFC 8032) is this key's (32 bytes) over the data. Never throws for a bad key or signature. */
  readonly verifies: (publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array) => Maybe<boolean>;
}

/** Leaves and nodes are hashed with different first bytes, so that no node can pass for a leaf (RFC 6962 §2.1). */
export const hashes = ({ sha256 }: Primitives) => ({
  leaf: (bytes: Uint8Array): Maybe<Hash> => sha256(concat([Uint8Array.of(0), bytes])),
  node: (left: Hash, right: Hash): Maybe<Hash> => sha256(concat([Uint8Array.of(1), left, right])),
});

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false;
  return true;
}
