import type { Primitives } from './primitives.ts';

/** Bytes of this page alone, as WebCrypto wants them: nothing here is shared with another thread. */
type Own = Uint8Array<ArrayBuffer>;

/** WebCrypto, as a browser has it, also on a page that was opened from a file. */
export const inBrowser: Primitives = {
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data as Own)),
  verifies: async (publicKey, data, signature) => {
    try {
      const key = await crypto.subtle.importKey('raw', publicKey as Own, 'Ed25519', false, ['verify']);
      return await crypto.subtle.verify('Ed25519', key, signature as Own, data as Own);
    } catch (error) {
      // A key that is none is a failure to verify. A browser without Ed25519 cannot say anything, and must not look as if it did.
      if ((error as Error).name === 'NotSupportedError') throw error;
      return false;
    }
  },
};
