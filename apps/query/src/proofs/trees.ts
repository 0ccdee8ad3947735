import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { readTree } from '#journal/tree';
import { POOL } from '#platform/service/tokens';
import { Ledgers } from '../asking/ledgers.ts';
import { notFound } from '../asking/problems.ts';

/** How large the trees of the ledgers are. A tree never gets smaller, so a size that it had is looked up once. */
@Injectable()
export class Trees {
  readonly #known = new LRUCache<string, number>({ max: 10_000 });

  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly ledgers: Ledgers,
  ) {}

  /** @throws the 404 of a ledger that nobody opened, and of a tree that has not so many leaves yet */
  async check(ledger: string, leaves: number, what: string): Promise<void> {
    if (leaves <= (this.#known.get(ledger) ?? 0)) return;
    await this.ledgers.check(ledger);
    const size = (await readTree(this.pool, ledger))?.size ?? 0;
    this.#known.set(ledger, size);
    if (leaves > size)
      throw notFound(`the tree of the ledger ${ledger} has ${size} leaves, and no ${what}: see its checkpoint`, {
        ledger,
        size,
      });
  }
}
