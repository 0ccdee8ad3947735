import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { readTile, readTree } from '#journal/tree';
import type { ProblemError } from '#platform/http/problemError';
import { POOL } from '#platform/service/tokens';
import { nodeHash } from '#proofs/compactRange';
import type { Hash, Maybe } from '#proofs/primitives';
import { type Tile, tileOf } from '#proofs/tiles';
import type { Edges, Node } from '#proofs/treeProofs';
import type { Answer } from '../asking/asking.interceptor.ts';
import { Ledgers } from '../asking/ledgers.ts';
import { notFound } from '../asking/problems.ts';

const HASH_BYTES = 32;
/** What is kept of the tiles that were asked for last, with the hashes between their levels: 2,000 of them. */
const KEPT_BYTES = 33_554_432;
/** For so long: a database that was restored from a backup is another one. Milliseconds. */
const KEPT_MS = 60_000;

/** The hashes of a tile, and of the levels above them up to the one that the next tile has. */
class KeptTile {
  /** Level by level: 256 hashes, 128 … */
  readonly #levels: Buffer[];
  readonly etag: string;

  constructor(readonly hashes: Buffer) {
    this.#levels = [hashes];
    this.etag = `"${hash('sha256', hashes, 'base64url')}"`;
  }

  /** The root over `count` hashes, a power of two, from one that is a multiple of it. */
  over(from: number, count: number): Hash {
    const level = Math.log2(count);
    while (this.#levels.length <= level) this.#levels.push(above(this.#levels.at(-1) ?? this.hashes));
    const place = (from / count) * HASH_BYTES;
    return this.#levels[level]?.subarray(place, place + HASH_BYTES) ?? this.hashes;
  }
}

function above(hashes: Buffer): Buffer {
  const pairs = Math.floor(hashes.length / (2 * HASH_BYTES));
  return Buffer.concat(
    Array.from({ length: pairs }, (_, n) => {
      const at = 2 * n * HASH_BYTES;
      return nodeHash(hashes.subarray(at, at + HASH_BYTES), hashes.subarray(at + HASH_BYTES, at + 2 * HASH_BYTES));
    }),
  );
}

/** The trees of the ledgers, as far as they were asked for: neither a tile nor a size that a tree had ever changes. */
@Injectable()
export class Trees {
  readonly #sizes = new LRUCache<string, number>({ max: 10_000 });
  readonly #edges = new LRUCache<string, Edges>({ max: 1_000 });
  readonly #tiles = new LRUCache<string, KeptTile>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ hashes }) => 2 * hashes.length + 512,
  });
  /** Tiles as they were answered, by the address that was asked for: to read an address takes longer than to find a tile. */
  readonly answers = new LRUCache<string, Answer>({ max: 2_000 });

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
  ) {
    // All at once: to look at an age each time takes as long as to find what is kept.
    setInterval(() => {
      for (const kept of [this.#sizes, this.#edges, this.#tiles, this.answers]) kept.clear();
    }, KEPT_MS).unref();
  }

  /** @throws the 404 of a ledger that nobody opened, and of a tree that has not so many leaves yet */
  async check(ledger: string, leaves: number, what: string): Promise<void> {
    if (this.has(ledger, leaves)) return;
    await this.ledgers.check(ledger);
    const size = (await readTree(this.pool, ledger))?.size ?? 0;
    this.#sizes.set(ledger, size);
    if (leaves > size)
      throw notFound(`the tree of the ledger ${ledger} has ${size} leaves, and no ${what}: see its checkpoint`, {
        ledger,
        size,
      });
  }

  /** Whether the tree is known to have so many leaves. */
  has(ledger: string, leaves: number): boolean {
    return leaves <= (this.#sizes.get(ledger) ?? 0);
  }

  /** Reads hashes for proofs over the tree that the ledger had at this size: at once, when all of them are kept. */
  nodes(ledger: string, size: number): (nodes: readonly Node[]) => Maybe<Hash[]> {
    return (nodes) => {
      const places = nodes.map((node) => tileOf(node, size));
      const tiles = new Map<number, KeptTile>();
      for (const { tile } of places) {
        if (tiles.has(numberOf(tile))) continue;
        const kept = this.#tiles.get(nameOf(ledger, tile));
        if (kept === undefined) return this.#read(ledger, places);
        tiles.set(numberOf(tile), kept);
      }
      return places.flatMap(({ tile, from, count }) => tiles.get(numberOf(tile))?.over(from, count) ?? []);
    };
  }

  async #read(ledger: string, places: readonly ReturnType<typeof tileOf>[]): Promise<Hash[]> {
    const tiles = new Map<number, Promise<KeptTile>>();
    return Promise.all(
      places.map(async ({ tile, from, count }) => {
        const read = tiles.get(numberOf(tile)) ?? this.tile(ledger, tile);
        tiles.set(numberOf(tile), read);
        return (await read).over(from, count);
      }),
    );
  }

  /** What is joined of the last leaves of the tree that the ledger had at this size. */
  edges(ledger: string, size: number): Edges {
    const name = `${size}/${ledger}`;
    const kept = this.#edges.get(name) ?? new Map<number, Hash>();
    if (kept.size === 0) this.#edges.set(name, kept);
    return kept;
  }

  /** @throws the 404 of a tile that is damaged */
  async tile(ledger: string, tile: Tile): Promise<KeptTile> {
    const known = this.#tiles.get(nameOf(ledger, tile));
    if (known !== undefined) return known;
    const hashes = await readTile(this.pool, ledger, { ...tile, level: Number(tile.level) });
    if (hashes === undefined) throw damaged(ledger);
    const read = new KeptTile(hashes);
    this.#tiles.set(nameOf(ledger, tile), read);
    return read;
  }
}

const nameOf = (ledger: string, { level, index, width }: Tile): string => `${level}/${index}.p/${width}/${ledger}`;

/** Names a tile among those of one tree: there are less than 64 levels. */
const numberOf = ({ level, index }: Tile): number => index * 64 + Number(level);

/** 404: what the tree should have is missing. */
export const damaged = (ledger: string): ProblemError =>
  notFound(`a part of the tree of the ledger ${ledger} is missing: check it with lading verify`, { ledger });
