import { z } from 'zod';
import { moment, sequence } from './rows.ts';

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

export const CheckpointRow = z.strictObject({
  size: size('How many events it is about: the sequence of the last one', 17),
  root: z.string().describe('Of the tree of these events: 32 bytes in base64').meta({ example: EXAMPLE }),
  origin: z.string().describe('What the log is called in it').meta({ example: 'supplier.example/lading/nvidia' }),
  signed: moment('When it was signed first, by the clock of the database'),
  note: z
    .string()
    .describe('The signed note itself, with its cosignatures (C2SP tlog-checkpoint): what proves the rest of the row')
    .meta({
      example: `supplier.example/lading/nvidia\n17\n${EXAMPLE}\n\n— supplier.example/lading/nvidia Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n`,
    }),
});
