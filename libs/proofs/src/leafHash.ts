import { hash } from 'node:crypto';

const LEAF = Buffer.of(0x00);

/** The hash of a leaf of the Merkle tree, 32 bytes: SHA-256(0x00 ‖ bytes), RFC 6962 §2.1. The leaf is the event's stored bytes. */
export const leafHash = (bytes: Buffer): Buffer => hash('sha256', Buffer.concat([LEAF, bytes]), 'buffer');
