import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { checkEvidence } from '#evidence/check';
import { onNode } from '#proofs/onNode';
import { formatVerifierKey } from '#proofs/signedNote';
import { textOf } from '#proofs/text';
import { aKeeper, anEvent, checkpointOf, type Signer } from '#test/audit/signedLedger';
import { compressed, openBundle, wholeArchive } from './bundle.ts';
import { evidenceIn } from './evidenceIn.ts';
import type { Item } from './items.ts';

const SIZES = [1, 2, 3, 7, 255, 256, 257, 300];

describe('the evidence of an event out of a bundle', () => {
  const events = Array.from({ length: 300 }, (_, n) => anEvent(n + 1));

  /** A bundle whose checkpoints the first key signed up to a size, and the second one after it. */
  async function bundleBy([before, after]: readonly [Signer, Signer], until: number) {
    async function* items(): AsyncGenerator<Item> {
      let first = 1;
      for (const size of SIZES) {
        const note = await checkpointOf(events.slice(0, size), size <= until ? before : after);
        yield { kind: 'checkpoint', note };
        yield { kind: 'entries', first, entries: events.slice(first - 1, size) };
        first = size + 1;
      }
    }
    const keys = [before, after].map(({ key }) => formatVerifierKey(key));
    const written = { kind: 'whole', ledger: 'nvidia', size: 300, keys } as const;
    const bytes = await buffer(compressed(wholeArchive(written, items())));
    return () => openBundle(Readable.from([bytes]));
  }

  it('holds for each event in the first checkpoint that covers it, whatever the sizes of the two are', async () => {
    const signers = [await aKeeper(), await aKeeper()] as const;
    const open = await bundleBy(signers, 300);
    const key = formatVerifierKey(signers[0].key);
    for (const size of SIZES)
      for (const sequence of [1, Math.ceil(size / 2), size - 1, size].filter((one) => one > 0)) {
        const { proof, keys, ledger } = await evidenceIn(open, { sequence, least: size, trusted: [] });
        const { checks, ...found } = await checkEvidence({ proof: textOf(proof), keys }, onNode);
        expect({ ...found, ledger, keys }, JSON.stringify(checks)).toMatchObject({
          ...{ outcome: 'held', sequence, checkpoint: { size }, ledger: 'nvidia', keys: [key] },
        });
      }
    const { proof } = await evidenceIn(open, { sequence: 8, trusted: [] });
    expect(textOf(proof)).toMatch(/\n255\n/);
  });

  it('is in the first checkpoint that a key of its reader signed, where the key of the ledger was changed', async () => {
    const [before, after] = [await aKeeper(), await aKeeper()];
    const open = await bundleBy([before, after], 7);
    for (const [who, size] of [
      [before, 7],
      [after, 255],
    ] as const) {
      const { proof } = await evidenceIn(open, { sequence: 5, trusted: [who.key] });
      const keys = [formatVerifierKey(who.key)];
      expect(await checkEvidence({ proof: textOf(proof), keys }, onNode)).toMatchObject({
        ...{ outcome: 'held', checkpoint: { size } },
      });
    }
  });

  it('is none of an event that the bundle does not have, or that no checkpoint in it covers', async () => {
    const open = await bundleBy([await aKeeper(), await aKeeper()], 300);
    await expect(evidenceIn(open, { sequence: 301, trusted: [] })).rejects.toThrow('no checkpoint in it covers 301');
    await expect(evidenceIn(open, { sequence: 3, least: 301, trusted: [] })).rejects.toThrow('no checkpoint in it');
  });
});
