import { beforeAll, describe, expect, it } from 'vitest';
import { checkBundle } from '#apps/dashboard/src/verify/bundle';
import { selectionArchive, wholeArchive } from '#audit/bundle';
import type { Item } from '#audit/items';
import { parseCheckpoint } from '#proofs/checkpoint';
import { inBrowser } from '#proofs/inBrowser';
import { onNode } from '#proofs/onNode';
import { type Hash, hashes } from '#proofs/primitives';
import { formatVerifierKey } from '#proofs/signedNote';
import { formatTlogProof } from '#proofs/tlogProof';
import { inclusionProof, type Node } from '#proofs/treeProofs';
import { aKeeper, anEvent, aWitness, checkpointOf, ORIGIN, type Signer, someEvents } from '#test/audit/signedLedger';

const COUNT = 600;
const SIZES = [3, 256, 300, 512, 590, COUNT];
let keeper: Signer;
let witness: Signer;
let events: Buffer[];
let notes: Map<number, Buffer>;

beforeAll(async () => {
  [keeper, witness] = [await aKeeper(), await aWitness()];
  events = someEvents(COUNT);
  notes = await signed(events);
});

const signed = async (of: readonly Buffer[], by = keeper, sizes = SIZES) =>
  new Map(
    await Promise.all(sizes.map(async (size) => [size, await checkpointOf(of.slice(0, size), by, [witness])] as const)),
  );

async function* source(of: readonly Buffer[], checkpoints: ReadonlyMap<number, Buffer>): AsyncGenerator<Item> {
  let first = 1;
  for (const [size, note] of checkpoints) {
    yield { kind: 'entries', first, entries: of.slice(first - 1, size) };
    yield { kind: 'checkpoint', note };
    first = Math.min(size, of.length) + 1;
  }
  yield { kind: 'entries', first, entries: of.slice(first - 1) };
}

const keysOf = (...of: Signer[]): string[] => of.map(({ key }) => formatVerifierKey(key));

interface Written {
  readonly of?: readonly Buffer[];
  readonly checkpoints?: ReadonlyMap<number, Buffer>;
  readonly keys?: readonly string[];
  readonly ledger?: string;
  readonly size?: number;
}

async function whole({ of = events, checkpoints = notes, ...written }: Written = {}): Promise<Buffer> {
  const { keys = keysOf(keeper, witness), ledger = 'nvidia', size = of.length } = written;
  const header = { kind: 'whole' as const, ledger, size, keys };
  const parts: Buffer[] = [];
  for await (const part of wholeArchive(header, source(of, checkpoints))) parts.push(part);
  return Buffer.concat(parts);
}

async function selection(sequences: readonly number[], change = (proof: Uint8Array) => proof): Promise<Buffer> {
  const { leaf, node } = hashes(onNode) as { leaf: (bytes: Uint8Array) => Hash; node: (a: Hash, b: Hash) => Hash };
  const hashOf = ({ level, index }: Node): Hash =>
    level === 0
      ? leaf(events[index]!)
      : node(hashOf({ level: level - 1, index: 2 * index }), hashOf({ level: level - 1, index: 2 * index + 1 }));
  async function* proofs() {
    for (const sequence of sequences) {
      const index = sequence - 1;
      const inclusion = await inclusionProof(index, COUNT, async (nodes) => nodes.map(hashOf), onNode);
      const checkpoint = parseCheckpoint(notes.get(COUNT)!);
      yield { sequence, proof: change(formatTlogProof({ index, inclusion, checkpoint, extra: events[index]! })) };
    }
  }
  const header = { kind: 'selection' as const, ledger: 'nvidia', size: COUNT, keys: keysOf(keeper) };
  const parts: Buffer[] = [];
  for await (const part of selectionArchive(header, notes.get(COUNT)!, proofs())) parts.push(part);
  return Buffer.concat(parts);
}

/** In pieces, as a file comes. */
async function* pieces(archive: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < archive.length; at += 10_007) yield new Uint8Array(archive.subarray(at, at + 10_007));
}

const check = (archive: Buffer, own: readonly string[] = []) =>
  checkBundle({ archive: pieces(archive), own, primitives: inBrowser });
const found = async (archive: Buffer, own: readonly string[] = []) => {
  const { outcome, checks } = await check(archive, own);
  return [outcome, checks.find((one) => one.outcome === outcome)?.found];
};

/** The archive with these bytes in the place of those, which are as many. */
function replaced(archive: Buffer, from: string, to: string): Buffer {
  const at = archive.indexOf(from);
  if (at < 0 || from.length !== to.length) throw new Error(`there is no ${from}`);
  const copy = Buffer.from(archive);
  copy.write(to, at);
  return copy;
}

describe('a bundle of a whole ledger, checked as a browser does,', () => {
  it('holds when its events give the root of every checkpoint, and says who signed', async () => {
    const { outcome, checks, covering, events: count, begin } = await check(await whole());
    expect([outcome, count, begin.length, covering?.checkpoint.size]).toEqual(['held', COUNT, 100, COUNT]);
    expect(covering?.signers.map(({ name }) => name)).toEqual([ORIGIN]);
    expect(covering?.witnesses.map(({ witness: { name } }) => name)).toEqual(['witness.example']);
    expect(checks.every((one) => one.outcome === 'held')).toBe(true);
  });

  it.each([1, 2, 255, 256, 257, 512, 513])('holds with %i events, whichever way they fill its tiles', async (size) => {
    const of = events.slice(0, size);
    expect((await check(await whole({ of, checkpoints: await signed(of, keeper, [size]) }))).outcome).toBe('held');
  });

  it('is broken by a changed, a missing and an added event, and by two in another order', async () => {
    const changed = events.map((bytes, i) => (i === 399 ? anEvent(400, { quantity: 1 }) : bytes));
    expect(await found(await whole({ of: changed }))).toEqual([
      'broken',
      expect.stringMatching(
        /^The first 512 events do not give the root of the checkpoint .* one of the events 301 to 512/,
      ),
    ]);
    const swapped = events.map((bytes, i) => events[i === 9 ? 10 : i === 10 ? 9 : i] ?? bytes);
    expect(await found(await whole({ of: swapped }))).toEqual([
      'broken',
      'What stands at the place of event 10 says that it is event 11 of the ledger nvidia.',
    ]);
    expect(await found(await whole({ of: events.slice(0, 599), size: COUNT }))).toEqual([
      'broken',
      'Events are missing: a checkpoint covers 600 events, and the bundle ends after event 599.',
    ]);
    expect(await found(await whole({ of: [...events, anEvent(601)] }))).toEqual([
      'unknown',
      'Events 601 to 601 are covered by no checkpoint that is signed by a known key.',
    ]);
  });

  it('is broken by a bit of a hash, of a signature, and where it is cut off', async () => {
    const archive = await whole();
    const tile = archive.indexOf('tile/0/001') + 512;
    const flipped = Buffer.from(archive);
    flipped[tile]! ^= 1;
    expect(await found(flipped)).toEqual(['broken', 'The hashes in tile/0/001 are not those of the events before it.']);
    const size = replaced(archive, '\n300\n', '\n301\n');
    expect(await found(size)).toEqual([
      'broken',
      `The checkpoint of 301 events was changed after it was signed: the signature of ${ORIGIN} is not its own.`,
    ]);
    expect(await found(archive.subarray(0, archive.length / 2))).toEqual([
      'broken',
      expect.stringMatching(/^The file is cut off: it ends after [0-9]+ events/),
    ]);
  });

  it('is of the ledger that it says, signed by the key that the reader has, or not verified', async () => {
    const other = await aKeeper();
    expect(await found(await whole({ ledger: 'amd' }))).toEqual([
      'broken',
      expect.stringContaining('of the ledger amd'),
    ]);
    expect(await found(await whole(), keysOf(other))).toEqual([
      'broken',
      `No checkpoint, of ${ORIGIN}, was signed with any of the given keys.`,
    ]);
    expect((await check(await whole({ keys: [] }), keysOf(keeper))).outcome).toBe('held');
    expect(await found(await whole({ keys: [] }))).toEqual(['unknown', expect.stringContaining('no verifier key')]);
    expect(await found(await whole({ checkpoints: new Map() }))).toEqual([
      'unknown',
      'There is no checkpoint to hold the 600 events against.',
    ]);
  });
});

describe('a bundle of some events, checked as a browser does,', () => {
  it('holds when each event leads to the checkpoint, and is broken by one that does not', async () => {
    const { outcome, events: count, covering } = await check(await selection([1, 14, 599]));
    expect([outcome, count, covering?.checkpoint.size]).toEqual(['held', 3, COUNT]);
    const index = await selection([14], (proof) =>
      Buffer.from(Buffer.from(proof).toString().replace('index 13', 'index 12')),
    );
    expect(await found(index)).toEqual(['broken', expect.stringMatching(/^Event 14: /)]);
    const renamed = await selection([14, 15], (proof) => proof);
    const swapped = replaced(renamed, `events/${'14'.padStart(16, '0')}`, `events/${'16'.padStart(16, '0')}`);
    // A header of an archive has a sum of its own, which a name that was changed breaks.
    expect(await found(swapped)).toEqual(['broken', expect.stringContaining('its own checksum')]);
  });
});
