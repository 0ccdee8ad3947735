import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { LedgerId } from '#contracts/scalars';
import { readHead } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { unknownLedger } from './problems.ts';

/** Which ledgers there are. A ledger that was opened stays, so each is looked up once. */
@Injectable()
export class Ledgers {
  readonly #known = new LRUCache<string, true>({ max: 10_000 });

  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** @throws the 404 of a ledger that nobody opened */
  async check(ledger: string): Promise<void> {
    if (this.#known.has(ledger)) return;
    if (!LedgerId.safeParse(ledger).success) throw unknownLedger(ledger);
    if ((await readHead(this.pool, ledger)) === undefined) throw unknownLedger(ledger);
    this.#known.set(ledger, true);
  }
}
