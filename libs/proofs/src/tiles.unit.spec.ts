import { describe, expect, it } from 'vitest';
import {
  entriesIn,
  entryBundle,
  hashesAt,
  hashesIn,
  hasTile,
  leavesOf,
  parseTilePath,
  type Tile,
  tileOf,
  tilePath,
} from './tiles.ts';

describe('a tile', () => {
  it.each<[string, Tile]>([
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/0/000.p/112', { level: 0, index: 0, width: 112 }],
    ['tile/entries/x001/000.p/1', { level: 'entries', index: 1000, width: 1 }],
    ['tile/entries/999', { level: 'entries', index: 999, width: 256 }],
    ['tile/63/000.p/255', { level: 63, index: 0, width: 255 }],
  ])('is found at %s, and only there', (path, tile) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it.each([
    ...['tile/64/000', 'tile/00/000', 'tile/0/0', 'tile/0/0000', 'tile/0/001/000', 'tile/0/x000/000', 'tile/0/x001'],
    ...['tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/300', 'tile/0/000.p/01', 'tile/0/000.p', 'tile/0/000/'],
    ...[
      'tile/-1/000',
      'tile/data/000',
      '/tile/0/000',
      'tile/0/000?x',
      'tile/0/٠٠٠',
      'tile/0/x999/x999/x999/x999/x999/999',
    ],
  ])('is not found at %s', (path) => {
    expect(() => parseTilePath(path)).toThrow('not the path of a tile');
  });

  it('is whole or partial as the example of 70,000 leaves has it', () => {
    expect([0, 1, 2, 3].map((level) => hashesAt(level, 70_000))).toEqual([70_000, 273, 1, 0]);
    for (const [path, is] of [
      ['tile/0/272', true],
      ['tile/0/273', false],
      ['tile/0/273.p/112', true],
      ['tile/0/273.p/113', false],
      ['tile/1/001.p/17', true],
      ['tile/2/000.p/1', true],
      ['tile/3/000.p/1', false],
      ['tile/entries/273.p/112', true],
    ] as const)
      expect([path, hasTile(parseTilePath(path), 70_000)]).toEqual([path, is]);
    expect(leavesOf(parseTilePath('tile/1/001.p/17'))).toEqual({ from: 65_536, to: 69_888 });
  });

  it('has the hash of each full subtree, or the hashes it is made of', () => {
    expect(tileOf({ level: 0, index: 69_999 }, 70_000)).toEqual({
      tile: { level: 0, index: 273, width: 112 },
      ...{ from: 111, count: 1 },
    });
    expect(tileOf({ level: 11, index: 3 }, 70_000)).toEqual({
      tile: { level: 1, index: 0, width: 256 },
      ...{ from: 24, count: 8 },
    });
  });

  it('has exactly its hashes, and a bundle exactly its entries', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
    expect(hashesIn(bytes, 2)).toEqual(bytes);
    expect(() => hashesIn(bytes, 1)).toThrow('a tile of 1 hashes has 32 bytes, and this one has 64');
    const entries = [Uint8Array.of(), Uint8Array.of(1), new Uint8Array(65_535).fill(3)];
    expect(entriesIn(entryBundle(entries), 3)).toEqual(entries);
    expect(() => entriesIn(entryBundle(entries), 2)).toThrow('has 3 entries, and should have 2');
    expect(() => entriesIn(entryBundle(entries).subarray(0, -1), 3)).toThrow('ends within entry 2');
    expect(() => entriesIn(Uint8Array.of(0), 1)).toThrow('ends within entry 0');
    expect(() => entryBundle([new Uint8Array(65_536)])).toThrow('at most 65535 bytes');
  });
});
