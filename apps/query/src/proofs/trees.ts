import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { readTile, readTree } from '#journal/tree';
import type { ProblemError } from '#platform/http/problemError';
import { POOL } from '#platform/service/tokens';
import { nodeHash } from '#proofs/compactRange';
import type { Hash } from '#proofs/primitives';
import { tileOf } from '#proofs/tiles';
import type { Node } from '#proofs/treeProofs';
import { Ledgers } from '../asking/ledgers.ts';
import { notFound } from '../asking/problems.ts';

/** Which tile of hashes. */
interface TileOfHashes {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

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
  readonly #sizes = new LRUCache<string, number>({ max: 10_000, ttl: KEPT_MS });
  readonly #tiles = new LRUCache<string, KeptTile>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ hashes }) => 2 * hashes.length + 512,
    ttl: KEPT_MS,
  });

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
  ) {}

  /** @throws the 404 of a ledger that nobody opened, and of a tree that has not so many leaves yet */
  async check(ledger: string, leaves: number, what: string): Promise<void> {
    if (leaves <= (this.#sizes.get(ledger) ?? 0)) return;
    await this.ledgers.check(ledger);
    const size = (await readTree(this.pool, ledger))?.size ?? 0;
    this.#sizes.set(ledger, size);
    if (leaves > size)
      throw notFound(`the tree of the ledger ${ledger} has ${size} leaves, and no ${what}: see its checkpoint`, {
        ledger,
        size,
      });
  }

  /** Reads hashes for proofs over the tree that the ledger had at this size. */
  nodes(ledger: string, size: number): (nodes: readonly Node[]) => Promise<Hash[]> {
    return (nodes) => {
      const tiles = new Map<string, Promise<KeptTile>>();
      return Promise.all(
        nodes.map(async (node) => {
          const { tile, from, count } = tileOf(node, size);
          const name = `${tile.level}/${tile.index}`;
          const read = tiles.get(name) ?? this.tile(ledger, { ...tile, level: Number(tile.level) });
          tiles.set(name, read);
          return (await read).over(from, count);
        }),
      );
    };
  }

  /** @throws the 404 of a tile that is damaged */
  async tile(ledger: string, tile: TileOfHashes): Promise<KeptTile> {
    const name = `${tile.level}/${tile.index}.p/${tile.width}/${ledger}`;
    const known = this.#tiles.get(name);
    if (known !== undefined) return known;
    const hashes = await readTile(this.pool, ledger, tile);
    if (hashes === undefined) throw damaged(ledger);
    const read = new KeptTile(hashes);
    this.#tiles.set(name, read);
    return read;
  }
}

/** 404: what the tree should have is missing. */
export const damaged = (ledger: string): ProblemError =>
  notFound(`a part of the tree of the ledger ${ledger} is missing: check it with lading verify`, { ledger });
