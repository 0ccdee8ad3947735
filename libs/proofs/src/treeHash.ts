import { hash } from 'node:crypto';

const LEAF = Buffer.of(0x00);
const NODE = Buffer.of(0x01);

/** The hash of a leaf of the Merkle tree, 32 bytes: SHA-256(0x00 ‖ bytes), RFC 6962 §2.1. The leaf is the event's stored bytes. */
export const leafHash = (bytes: Uint8Array): Buffer => hash('sha256', Buffer.concat([LEAF, bytes]), 'buffer');

/** The hash of a node above two others: SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
