import { Malformed } from './text.ts';
import type { Node } from './treeProofs.ts';

// Tiles and entry bundles: https://c2sp.org/tlog-tiles.

/** Hashes of a full tile, and entries of a full bundle. */
const TILE = 256;
const HASH_BYTES = 32;
/** Levels of the tree from one level of tiles to the next. */
const HEIGHT = 8;

export interface Tile {
  /** 0: hashes of leaves. `entries`: the leaves themselves. */
  readonly level: number | 'entries';
  readonly index: number;
  /** How many hashes or entries it has, 1 to 256. */
  readonly width: number;
}

/** `tile/0/x001/234`, `tile/entries/000.p/7`: where a tile is, below the address of its log. */
export function tilePath({ level, index, width }: Tile): string {
  const parts: string[] = [];
  for (let rest = index; parts.length === 0 || rest > 0; rest = Math.floor(rest / 1000))
    parts.unshift(`${parts.length === 0 ? '' : 'x'}${String(rest % 1000).padStart(3, '0')}`);
  return `tile/${level}/${parts.join('/')}${width === TILE ? '' : `.p/${width}`}`;
}

const PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** @throws {Malformed} when it is no path that `tilePath` makes */
export function parseTilePath(path: string): Tile {
  const [, level = '', index = '', width] = PATH.exec(path) ?? [];
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(index.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE : Number(width),
  };
  const isTile =
    tile.width <= TILE && (tile.level === 'entries' || tile.level < 64) && Number.isSafeInteger(tile.index);
  if (level === '' || !isTile || tilePath(tile) !== path) throw new Malformed('not the path of a tile');
  return tile;
}

/** Hashes that a level of tiles has in a tree of this size: only full tiles are hashed into the level above. */
export const hashesAt = (level: number, size: number): number => Math.floor(size / TILE ** level);

/** Whether a tree of this size has the whole of a tile. */
export function hasTile({ level, index, width }: Tile, size: number): boolean {
  const there = hashesAt(level === 'entries' ? 0 : level, size);
  return width >= 1 && width <= TILE && index * TILE + width <= there;
}

/** The first and the last leaf, without it, that a tile of hashes or entries stands for. */
export function leavesOf({ level, index, width }: Tile): { from: number; to: number } {
  const each = TILE ** (level === 'entries' ? 0 : level);
  return { from: index * TILE * each, to: (index * TILE + width) * each };
}

/** In which tile of a tree of this size the hash of a full subtree is found, or the hashes that it is made of. */
export function tileOf({ level, index }: Node, size: number): { tile: Tile; from: number; count: number } {
  const tileLevel = Math.floor(level / HEIGHT);
  const count = 2 ** (level % HEIGHT);
  const first = index * count;
  const tileIndex = Math.floor(first / TILE);
  const width = Math.min(TILE, hashesAt(tileLevel, size) - tileIndex * TILE);
  return { tile: { level: tileLevel, index: tileIndex, width }, from: first % TILE, count };
}

/** The hashes one after the other. @throws {Malformed} when the bytes are not the hashes of a tile of this width */
export function hashesIn(bytes: Uint8Array, width: number): Uint8Array {
  if (bytes.length !== width * HASH_BYTES)
    throw new Malformed(`a tile of ${width} hashes has ${width * HASH_BYTES} bytes, and this one has ${bytes.length}`);
  return bytes;
}

/** The largest entry of a bundle, in bytes: its length stands before it in two. */
export const MAX_ENTRY = 65_535;

/** Each entry after its length in two bytes. @throws {RangeError} when an entry is longer than 65,535 bytes */
export function entryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bundle = new Uint8Array(entries.reduce((length, entry) => length + 2 + entry.length, 0));
  const view = new DataView(bundle.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY) throw new RangeError(`an entry has at most ${MAX_ENTRY} bytes, not ${entry.length}`);
    view.setUint16(at, entry.length);
    bundle.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bundle;
}

/** Without a copy: they stand where the bundle does. @throws {Malformed} when the bytes are not a bundle of so many entries */
export function entriesIn(bundle: Uint8Array, width: number): Uint8Array[] {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bundle.length) {
    const end = at + 2 <= bundle.length ? at + 2 + view.getUint16(at) : Infinity;
    if (end > bundle.length) throw new Malformed(`the bundle ends within entry ${entries.length}`);
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  if (entries.length !== width)
    throw new Malformed(`the bundle has ${entries.length} entries, and should have ${width}`);
  return entries;
}
