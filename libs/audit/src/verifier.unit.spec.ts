import { beforeAll, describe, expect, it } from 'vitest';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { aKeeper, anEvent, aWitness, checkpointOf, type Signer, someEvents } from '#test/audit/signedLedger';
import { compressed, openBundle, wholeArchive } from './bundle.ts';
import type { Item } from './items.ts';
import { CannotSay, Tampered } from './verdict.ts';
import { Verifier } from './verifier.ts';

const COUNT = 600;
let keeper: Signer;
let witness: Signer;
let events: Buffer[];
let checkpoints: Map<number, Buffer>;

beforeAll(async () => {
  [keeper, witness] = [await aKeeper(), await aWitness()];
  events = someEvents(COUNT);
  checkpoints = await signed(events, keeper);
});

async function signed(
  of: readonly Buffer[],
  by: Signer,
  sizes = [3, 256, 300, 590, of.length],
): Promise<Map<number, Buffer>> {
  const notes = await Promise.all(sizes.map((size) => checkpointOf(of.slice(0, size), by, [witness])));
  return new Map(sizes.map((size, i) => [size, notes[i]!]));
}

/** A source that gives each checkpoint before the event after its last one. */
async function* source(of: readonly Buffer[] = events, notes = checkpoints): AsyncGenerator<Item> {
  let first = 1;
  for (const [size, note] of notes) {
    yield { kind: 'entries', first, entries: of.slice(first - 1, size) };
    yield { kind: 'checkpoint', note };
    first = Math.min(size, of.length) + 1;
  }
  yield { kind: 'entries', first, entries: of.slice(first - 1) };
}

const same = (bytes: Buffer): Buffer => bytes;

/** @param damage to the archive @param toFile to the file, in which it is compressed */
async function* inBundle(items: AsyncIterable<Item>, damage = same, toFile = same): AsyncGenerator<Item> {
  const file = compressed(wholeArchive({ kind: 'whole', ledger: 'nvidia', size: COUNT, keys: [] }, items));
  const archive = gunzipSync(Buffer.concat((await file.toArray()) as Buffer[]));
  const bundle = await openBundle(Readable.from([toFile(gzipSync(damage(archive)))]));
  yield* bundle.items as AsyncGenerator<Item>;
}

type Options = Partial<ConstructorParameters<typeof Verifier>[0]>;
const verify = (items: AsyncIterable<Item>, options: Options = {}) =>
  new Verifier({
    ledger: 'nvidia',
    trust: { keys: [keeper.key], witnesses: [], quorum: 0 },
    fold: true,
    ...options,
  }).verify(items);

const found = async (items: AsyncIterable<Item>, options: Options = {}) => {
  const error: unknown = await verify(items, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof Tampered)) throw new Error('nothing was found', { cause: error });
  return error;
};

const changed = (change: (copy: Buffer[]) => void): Buffer[] => {
  const copy = events.map((bytes) => Buffer.from(bytes));
  change(copy);
  return copy;
};

describe('a ledger that is as it was signed', () => {
  it('is verified up to its newest checkpoint, and what no checkpoint covers yet is counted', async () => {
    const more = [...events, anEvent(601), anEvent(602)];
    expect(await verify(source(more))).toMatchObject({
      checkpoint: { size: 600 },
      uncovered: 2,
      agreed: 5,
      passedOver: 0,
    });
  });

  it('is verified from a bundle, which has the same bytes and tiles, and is the same file each time', async () => {
    // Its newest checkpoint stands there twice, and is one.
    expect(await verify(inBundle(source()))).toMatchObject({ checkpoint: { size: 600 }, uncovered: 0, agreed: 5 });
    const write = async () =>
      Buffer.concat(
        (await compressed(
          wholeArchive({ kind: 'whole', ledger: 'nvidia', size: COUNT, keys: [] }, source()),
        ).toArray()) as Buffer[],
      );
    expect(await write()).toEqual(await write());
  });

  it('may say its last events once more, as a relay does that was killed', async () => {
    async function* again(): AsyncGenerator<Item> {
      yield* source();
      yield { kind: 'entries', first: 590, entries: events.slice(589) };
    }
    expect(await verify(again())).toMatchObject({ repeated: 11 });
  });
});

describe('nothing can be said', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['without a verifier key', () => verify(source(), { trust: { keys: [], witnesses: [], quorum: 0 } })],
    ['without a checkpoint', () => verify(source(events, new Map()))],
    [
      'when all checkpoints are signed by another key',
      async () => verify(source(), { trust: { keys: [(await aKeeper()).key], witnesses: [], quorum: 0 } }),
    ],
    [
      'when too few witnesses have signed',
      async () =>
        verify(source(), {
          trust: { keys: [keeper.key], witnesses: [witness.key, (await aWitness('b')).key], quorum: 2 },
        }),
    ],
    ['when a bundle is cut off', () => verify(inBundle(source(), (archive) => archive.subarray(0, 200_000)))],
    ['when a bundle lacks its very last byte', () => verify(inBundle(source(), same, (file) => file.subarray(0, -1)))],
    [
      'when a bundle lacks the sum of what is compressed in it',
      () => verify(inBundle(source(), same, (file) => file.subarray(0, -8))),
    ],
    [
      'when the end of a bundle is marked by half',
      () => verify(inBundle(source(), (archive) => archive.subarray(0, -512))),
    ],
  ])('%s', async (_, run) => {
    await expect(run()).rejects.toThrow(CannotSay);
  });
});

describe('every tampering is found, with the first event that is wrong:', () => {
  const other = (sequence: number) => () => changed((copy) => (copy[sequence - 1] = anEvent(sequence, { id: 'X' })));
  it.each<[string, () => Buffer[], object]>([
    ['it is replaced', other(280), { first: 257, last: 300, lastGood: 256 }],
    ['the first one is replaced', other(1), { first: 1, last: 3, lastGood: 0 }],
    ['one is deleted', () => changed((copy) => copy.splice(279, 1)), { first: 280, lastGood: 279 }],
    ['one is inserted', () => changed((copy) => copy.splice(279, 0, anEvent(280))), { first: 281, lastGood: 280 }],
    [
      'two are swapped',
      () => changed((copy) => ([copy[279], copy[290]] = [copy[290]!, copy[279]!])),
      { first: 280, lastGood: 279 },
    ],
    ['one is there twice', () => changed((copy) => copy.splice(280, 0, copy[279]!)), { first: 281, lastGood: 280 }],
    ['the tail is cut off', () => changed((copy) => copy.splice(595)), { first: 596, last: 600, lastGood: 595 }],
    [
      'one is of another ledger',
      () => changed((copy) => (copy[279] = anEvent(280, { ledger: 'other' }))),
      { first: 280 },
    ],
    ['one is no event', () => changed((copy) => (copy[279] = Buffer.from('null'))), { first: 280 }],
    [
      'one moves more than there is',
      () => changed((copy) => (copy[279] = anEvent(280, { quantity: -1 }))),
      { first: 257, last: 280 },
    ],
  ])('%s', async (_, damage, finding) => {
    const damaged = damage();
    expect(await found(source(damaged))).toMatchObject(finding);
    expect(await found(inBundle(source(damaged)))).toMatchObject(finding);
  });

  it.each<[string, (archive: Buffer) => Buffer, (file: Buffer) => Buffer, RegExp]>([
    [
      'the sum of a bundle is another',
      same,
      (file) => {
        file[file.length - 8]! ^= 1;
        return file;
      },
      /changed since it was written/,
    ],
    ['a bundle has more after its end', (archive) => Buffer.concat([archive, Buffer.from('x')]), same, /after the end/],
    ['a bundle is in its file twice', same, (file) => Buffer.concat([file, file]), /after the end/],
  ])('%s', async (_, damage, toFile, what) => {
    expect((await found(inBundle(source(), damage, toFile))).what).toMatch(what);
  });

  it('a bundle with another sum names all events that may be wrong, and none as the one that is', async () => {
    const atEnd = (file: Buffer) => {
      file[file.length - 8]! ^= 1;
      return file;
    };
    const { first, last, lastGood } = await found(inBundle(source(), same, atEnd));
    expect({ last, isAfter: first === lastGood + 1 }).toEqual({ last: COUNT, isAfter: true });
  });
});
