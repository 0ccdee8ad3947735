import { z } from 'zod';
import { sequence } from './rows.ts';

// What proves events: answers of the query service about a ledger's tree (RFC 6962).

const ledger = z.string().describe('The ledger').meta({ example: 'nvidia' });
const size = (what: string, example: number) => z.int().min(0).describe(what).meta({ example });
const hash = 'Each is 32 bytes in base64.';
const EXAMPLE = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

export const InclusionProof = z.strictObject({
  ledger,
  sequence,
  index: size('Of the leaf, from 0: the sequence less one', 16),
  size: size('Of the tree that the leaf is in: that of the checkpoint that the proof leads to', 20),
  proof: z
    .array(z.string())
    .describe(`The hashes from the sibling of the leaf up (RFC 6962 section 2.1.1). ${hash}`)
    .meta({ example: [EXAMPLE] }),
});

export const ConsistencyProof = z.strictObject({
  ledger,
  from: size('Of the older tree', 17),
  to: size('Of the newer tree', 20),
  proof: z
    .array(z.string())
    .describe(`The hashes as RFC 6962 section 2.1.2 orders them; none when both sizes are one. ${hash}`)
    .meta({ example: [EXAMPLE] }),
});
