import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatVerifierKey, type VerifierKey } from '#proofs/signedNote';
import { aKeeper, anEvent, aWitness, checkpointOf, type Signer, someEvents } from '#test/audit/signedLedger';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { EarlierFile } from './earlierFile.ts';
import type { Item } from './items.ts';
import { CannotSay, Tampered } from './verdict.ts';
import { Verifier } from './verifier.ts';

const LEDGER = 'nvidia';
const month = someEvents(40);
/** What a keeper who rewrites event 20 has afterwards: all that follows is made anew. */
const rewritten = [...month.slice(0, 19), anEvent(20, { quantity: 7 }), ...month.slice(20)];

describe('an auditor who kept what an earlier run saw', () => {
  let keeper: Signer;
  let witness: Signer;
  let folder: string;
  let file: string;
  beforeAll(async () => {
    [keeper, witness] = [await aKeeper(), await aWitness()];
  });
  beforeEach(async () => {
    folder = await temporaryFolder('audit');
    file = join(folder, 'nvidia.json');
    await run(month, { checkpoints: [25, 40] });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  interface Run {
    readonly checkpoints: readonly number[];
    readonly by?: Signer;
    readonly witnesses?: readonly Signer[];
    readonly quorum?: number;
    readonly kept?: boolean;
    readonly resume?: boolean;
    readonly given?: readonly Buffer[];
    readonly stopAfter?: number;
    /** The keys that the auditor gives. */
    readonly keys?: readonly VerifierKey[];
  }

  /** A run as the command line makes it: from the events of a source, with a checkpoint of each size. */
  async function run(events: readonly Buffer[], options: Run) {
    const { checkpoints, by = keeper, witnesses = [], quorum = 0, kept = true, resume = false, given = [] } = options;
    const notes = await Promise.all(checkpoints.map((size) => checkpointOf(events.slice(0, size), by, witnesses)));
    async function* source(): AsyncGenerator<Item> {
      for (const note of notes) yield { kind: 'checkpoint', note };
      for (const [index, bytes] of events.entries()) {
        if (options.stopAfter === index) throw new Error('stopped');
        yield { kind: 'entries', first: index + 1, entries: [bytes] };
      }
    }
    const earlier = kept ? new EarlierFile(file) : undefined;
    const trust = { keys: options.keys ?? [keeper.key], witnesses: quorum > 0 ? [witness.key] : [], quorum };
    const verifier = new Verifier({ ledger: LEDGER, trust, fold: true, earlier, resume, given });
    const keep = () =>
      earlier?.save({
        ...{ ledger: LEDGER, keys: [formatVerifierKey(keeper.key)], witnesses: [] },
        ...{ checkpoint: verifier.covering?.bytes, size: verifier.size, roots: verifier.roots },
        balances: verifier.balances.entries(),
      });
    try {
      const verified = await verifier.verify(source());
      keep();
      return { verified, verifier };
    } catch (error) {
      if ((error as Error).message === 'stopped') keep();
      throw error;
    } finally {
      earlier?.close();
    }
  }

  const found = async (events: readonly Buffer[], options: Run) => {
    const error: unknown = await run(events, options).catch((thrown: unknown) => thrown);
    if (!(error instanceof Tampered)) throw new Error('nothing was found', { cause: error });
    return error;
  };

  it('finds the very event from which everything was rewritten, hashed and signed anew, and has both checkpoints as evidence', async () => {
    expect((await run(rewritten, { checkpoints: [40], kept: false })).verified.checkpoint.size).toBe(40);
    const same = await found(rewritten, { checkpoints: [40] });
    expect(same).toMatchObject({ first: 20, last: 20, lastGood: 19 });
    expect(same.fork).toHaveLength(2);
    const more = [...rewritten, anEvent(41), anEvent(42)];
    const proved = await found(more, { checkpoints: [42] });
    expect(proved).toMatchObject({ first: 20, last: 20, lastGood: 19 });
    expect(proved.fork.map((note) => Buffer.from(note).toString().split('\n')[1])).toEqual(['40', '42']);
  });

  it('finds that an old backup was restored and gone on from, also while it has fewer events than before', async () => {
    const restored = [...month.slice(0, 30), anEvent(31, { quantity: 99 }), anEvent(32, { quantity: 99 })];
    expect(await found(restored, { checkpoints: [32] })).toMatchObject({ first: 31, last: 31, lastGood: 30 });
    expect(await found(month.slice(0, 30), { checkpoints: [30] })).toMatchObject({ first: 31, last: 40, lastGood: 30 });
  });

  it('proves a fork with two checkpoints of one size, whichever of them the events have', async () => {
    for (const events of [month, rewritten]) {
      const other = await checkpointOf(events === month ? rewritten : month, keeper);
      const error = await found(events, { checkpoints: [40], given: [other], kept: false });
      expect(error.fork).toHaveLength(2);
      expect(error.what).toMatch(/two checkpoints of 40 events, .* the ledger was forked/);
    }
  });

  it('finds by what a witness signed that everything was rewritten, and without its signature cannot say', async () => {
    const options = { checkpoints: [40], kept: false, quorum: 1 };
    expect((await run(month, { ...options, witnesses: [witness] })).verified.checkpoint.cosignedBy).toEqual([
      witness.key,
    ]);
    await expect(run(rewritten, options)).rejects.toThrow(CannotSay);
    const given = [await checkpointOf(month.slice(0, 33), keeper, [witness])];
    expect(await found(rewritten, { ...options, given })).toMatchObject({ first: 1, last: 33, lastGood: 0 });
  });

  it('holds what it kept against a ledger whose key was changed since, also when it is given the new key alone', async () => {
    const by = await aKeeper();
    const now = { by, keys: [by.key] };
    expect(await run(month, { ...now, checkpoints: [40] })).toMatchObject({ verified: { passedOver: 0 } });
    await run(month, { checkpoints: [40] });
    expect(await found(month.slice(0, 30), { ...now, checkpoints: [30] })).toMatchObject({ first: 31, last: 40 });
    expect(await found(rewritten, { ...now, checkpoints: [40] })).toMatchObject({ first: 20, lastGood: 19 });
  });

  it('is told when a checkpoint that it gives is signed by none of the keys that it gives', async () => {
    const given = [await checkpointOf(rewritten.slice(0, 25), await aKeeper())];
    await expect(run(month, { checkpoints: [40], given, kept: false })).rejects.toThrow(
      /^the checkpoint that was given of 25 events is signed by none of the verifier keys/,
    );
  });

  it('goes on where a run was stopped, to the same outcome, and keeps what the run before had', async () => {
    const more = [...month, ...Array.from({ length: 40 }, (_, i) => anEvent(41 + i))];
    await expect(run(more, { checkpoints: [50, 80], stopAfter: 60 })).rejects.toThrow('stopped');
    const { verified, verifier } = await run(more, { checkpoints: [50, 80], resume: true });
    expect(verified).toMatchObject({ checkpoint: { size: 80 } });
    const whole = await run(more, { checkpoints: [80], kept: false });
    expect([...verifier.balances.entries()].toSorted()).toEqual([...whole.verifier.balances.entries()].toSorted());
    await expect(run(more, { checkpoints: [50], resume: true })).resolves.toMatchObject({
      verified: { checkpoint: { size: 80 } },
    });
    // What the resumed run read is remembered for the next one, too.
    const changed = [...more.slice(0, 69), anEvent(70, { quantity: 1 }), ...more.slice(70)];
    expect(await found(changed, { checkpoints: [80] })).toMatchObject({
      first: 70,
      last: 70,
      fork: [expect.anything(), expect.anything()],
    });
  });

  it('is told when the file is not what a run left behind', () => {
    writeFileSync(file, '{"format":"other"}');
    expect(() => new EarlierFile(file)).toThrow('is not what an earlier run left behind');
    expect(existsSync(`${file}.marks`) && readFileSync(`${file}.marks`).length).toBe(160);
  });

  it('goes on with --resume only where the source still has what was read before', async () => {
    for (const size of [0, 1, 24, 39])
      await expect(
        run(month.slice(0, size), { checkpoints: size === 0 ? [] : [size], resume: true }),
      ).rejects.toMatchObject({
        ...{ first: size + 1, last: 40, lastGood: size },
      });
    expect(await run(month, { checkpoints: [25], resume: true })).toMatchObject({
      verified: { checkpoint: { size: 40 } },
    });
  });
});
