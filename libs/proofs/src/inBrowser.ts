import type { Primitives } from './primitives.ts';

/** Bytes of this page alone, as WebCrypto wants them: nothing here is shared with another thread. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;

/** WebCrypto, as a browser has it, also on a page that was opened from a file. */
export const inBrowser: Primitives = {
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', own(data))),
  verifies: async (publicKey, data, signature) => {
    try {
      const key = await crypto.subtle.importKey('raw', own(publicKey), 'Ed25519', false, ['verify']);
      return await crypto.subtle.verify('Ed25519', key, own(signature), own(data));
    } catch (error) {
      // A key that is none is a failure to verify. A browser without Ed25519 cannot say anything, and must not look as if it did.
      if ((error as Error).name === 'NotSupportedError') throw error;
      return false;
    }
  },
};
