import { beforeAll, describe, expect, it } from 'vitest';
import { Readable } from 'node:stream';
import { tilePath } from '#proofs/tiles';
import { aKeeper, anEvent, checkpointOf, type Signer, someEvents } from '#test/audit/signedLedger';
import { wholeArchive } from '../bundle.ts';
import type { EarlierRun } from '../earlierRun.ts';
import type { Item } from '../items.ts';
import { tarMembers } from '#proofs/tarMembers';
import { CannotSay, Tampered } from '../verdict.ts';
import { Verifier } from '../verifier.ts';
import { fromHttp } from './http.ts';

const COUNT = 600;
type Files = Map<string, Buffer>;

/** The files of a log, as they are answered under its address. */
async function logOf(events: readonly Buffer[], keeper: Signer): Promise<Files> {
  const note = await checkpointOf(events, keeper);
  async function* items(): AsyncGenerator<Item> {
    yield { kind: 'checkpoint', note };
    yield { kind: 'entries', first: 1, entries: events };
  }
  const header = { kind: 'whole' as const, ledger: 'nvidia', size: events.length, keys: [] };
  const files: Files = new Map();
  for await (const { name, bytes } of tarMembers(Readable.from(wholeArchive(header, items()))))
    files.set(name, Buffer.from(bytes));
  return files;
}

const bundle = (index: number, width = 256): string => tilePath({ level: 'entries', index, width });
const tile = (level: number, index: number, width = 256): string => tilePath({ level, index, width });

describe('a ledger over HTTP, with somebody between who changes what is answered,', () => {
  let keeper: Signer;
  let log: Files;
  let shorter: Files;
  let rewritten: Files;
  let ofSomebodyElse: Files;
  beforeAll(async () => {
    keeper = await aKeeper();
    const events = someEvents(COUNT);
    log = await logOf(events, keeper);
    shorter = await logOf(events.slice(0, 300), keeper);
    rewritten = await logOf(events.with(279, anEvent(280, { id: 'X' })), keeper);
    ofSomebodyElse = await logOf(events, await aKeeper());
  });

  type Get = (path: string, files: Files) => Buffer | undefined;
  const honest: Get = (path, files) => files.get(path);
  const verify = async (proxy: Get = honest, { saw, resume = false }: { saw?: Files; resume?: boolean } = {}) => {
    const marks = { differs: () => undefined, add: () => undefined, cover: () => undefined };
    const earlier: EarlierRun | undefined = saw && { checkpoint: saw.get('checkpoint'), stood: undefined, marks };
    const verifier = new Verifier({
      ...{ ledger: 'nvidia', trust: { keys: [keeper.key], witnesses: [], quorum: 0 } },
      ...{ fold: true, earlier, resume },
    });
    return verifier.verify(fromHttp(async (path) => proxy(path, log)));
  };
  const flip = (at: number) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  /** Changes what is answered at one path. */
  const at =
    (changed: string, change: (bytes: Buffer, files: Files) => Buffer | undefined): Get =>
    (path, files) => {
      const bytes = files.get(path);
      return path === changed && bytes !== undefined ? change(bytes, files) : bytes;
    };
  /** The entries of a bundle, each with its length. */
  const entries = (bytes: Buffer): Buffer[] => {
    const all: Buffer[] = [];
    for (let from = 0; from < bytes.length; from += 2 + bytes.readUInt16BE(from))
      all.push(bytes.subarray(from, from + 2 + bytes.readUInt16BE(from)));
    return all;
  };
  const ofEntries = (change: (all: Buffer[]) => Buffer[]) => (bytes: Buffer) => Buffer.concat(change(entries(bytes)));
  const text = (change: (note: string) => string) => (bytes: Buffer) => Buffer.from(change(bytes.toString()));

  it('is verified when nobody does', async () => {
    expect(await verify()).toMatchObject({ checkpoint: { size: COUNT }, uncovered: 0 });
    expect(await verify(honest, { saw: shorter })).toMatchObject({ checkpoint: { size: COUNT } });
  });

  it.each<[string, () => Get, object]>([
    ['a byte of an event', () => at(bundle(1), flip(400)), { first: 257, last: 257, lastGood: 256 }],
    [
      'an event for another that is as well formed',
      () =>
        at(
          bundle(1),
          ofEntries((all) => all.with(23, entries(rewritten.get(bundle(1))!)[23]!)),
        ),
      // The tile of its hash names it.
      { first: 280, last: 280, lastGood: 279 },
    ],
    [
      'an event, and the hashes that follow from it',
      () => (path, files) => (path === 'checkpoint' ? files : rewritten).get(path),
      { first: 1, last: COUNT, lastGood: 0 },
    ],
    ['an event after the last full tile', () => at(bundle(2, 88), flip(400)), { first: 513, last: 513 }],
    ['a hash of a tile', () => at(tile(0, 1), flip(32 * 23)), { first: 280, last: 280, lastGood: 279 }],
    ['a hash of a tile that is not full', () => at(tile(0, 2, 88), flip(32 * 87)), { first: 600, last: 600 }],
    ['a hash of a tile above', () => at(tile(1, 0, 2), flip(33)), { first: 257, last: 512, lastGood: 256 }],
    [
      'the order of two events',
      () =>
        at(
          bundle(1),
          ofEntries((all) => all.with(3, all[9]!).with(9, all[3]!)),
        ),
      { first: 260, last: 260, lastGood: 259 },
    ],
    ['the order of two bundles', () => (path, files) => files.get(path === bundle(0) ? bundle(1) : path), { first: 1 }],
    [
      'one event into two',
      () =>
        at(
          bundle(1),
          ofEntries((all) => all.toSpliced(9, 0, all[9]!)),
        ),
      { first: 257 },
    ],
    [
      'one event for the one before it',
      () =>
        at(
          bundle(1),
          ofEntries((all) => all.with(9, all[8]!)),
        ),
      { first: 266 },
    ],
    [
      'what was there into nothing',
      () =>
        at(
          bundle(1),
          ofEntries((all) => all.toSpliced(9, 1)),
        ),
      { first: 257 },
    ],
    [
      'the tail, which it cuts off',
      () =>
        at(
          bundle(2, 88),
          ofEntries((all) => all.slice(0, 80)),
        ),
      { first: 513 },
    ],
    [
      'a bundle, which it says is not there',
      () => at(bundle(2, 88), () => undefined),
      { first: 513, last: 600, lastGood: 512 },
    ],
    ['a tile, which it says is not there', () => at(tile(0, 0), () => undefined), { first: 257, lastGood: 256 }],
    ['a bundle, which it breaks off', () => at(bundle(1), (bytes) => bytes.subarray(0, -9)), { first: 257, last: 512 }],
    ['a bundle for a page of its own', () => at(bundle(1), () => Buffer.from('<html>moved</html>')), { first: 257 }],
    [
      'the size in the checkpoint',
      () =>
        at(
          'checkpoint',
          text((note) => note.replace('\n600\n', '\n599\n')),
        ),
      { first: 599 },
    ],
    [
      'the root in the checkpoint',
      () =>
        at(
          'checkpoint',
          text((note) => note.replace(/^(.+\n600\n)./, '$1Z')),
        ),
      { first: 600 },
    ],
    [
      'the signature of the checkpoint',
      () =>
        at(
          'checkpoint',
          text((note) => note.replace(/.{4}\n$/, 'AAA=\n')),
        ),
      { first: 600 },
    ],
    ['the checkpoint for a page of its own', () => at('checkpoint', () => Buffer.from('<html>')), { first: 1 }],
  ])('is found to be tampered with, where it changes %s', async (_, proxy, finding) => {
    const error: unknown = await verify(proxy()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Tampered);
    expect(error).toMatchObject(finding);
  });

  it('is found to lack events when an older checkpoint is answered than an earlier run saw', async () => {
    const old: Get = (path) => shorter.get(path);
    // Who saw nothing else finds nothing.
    expect(await verify(old)).toMatchObject({ checkpoint: { size: 300 } });
    await expect(verify(old, { saw: log })).rejects.toMatchObject({ first: 301, last: COUNT, lastGood: 300 });
  });

  it('is proved to be forked when another history is answered than an earlier run saw, signed with the same key', async () => {
    const other: Get = (path) => rewritten.get(path);
    expect(await verify(other)).toMatchObject({ checkpoint: { size: COUNT } });
    const forked: unknown = await verify(other, { saw: log }).catch((thrown: unknown) => thrown);
    expect(forked).toMatchObject({ name: 'Tampered', fork: [log.get('checkpoint'), rewritten.get('checkpoint')] });
  });

  it('cannot be said to be as it was signed when the checkpoint is somebody else’s, there is none, or answers break off', async () => {
    const broken = (path: string) => {
      if (path === bundle(1)) throw new Error('terminated');
      return log.get(path);
    };
    for (const proxy of [(path: string) => ofSomebodyElse.get(path), () => undefined, broken])
      await expect(verify(proxy)).rejects.toThrow(CannotSay);
  });
});
