import { describe, expect, it } from '@jest/globals';
import { leafHash } from './treeHash.ts';

describe('leafHash', () => {
  it('the hash of a leaf is that of RFC 6962: it gives the published test vectors', () => {
    // The leaves of the reference tree that certificate-transparency implementations share.
    expect(leafHash(Buffer.alloc(0)).toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(leafHash(Buffer.of(0x00)).toString('hex')).toBe(
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    );
  });

  it('the hash of a leaf differs from the plain hash, so that no inner node can pass for an event', () => {
    expect(leafHash(Buffer.from('event'))).not.toEqual(leafHash(Buffer.from('\0event')));
  });
});
