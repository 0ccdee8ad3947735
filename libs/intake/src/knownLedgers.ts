import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { readHead } from '#journal/reader';
import { errorOf } from '#platform/http/problemError';
import { POOL } from '#platform/service/tokens';
import { unknownLedger } from './answers.ts';

/** The ledgers that are open. A ledger once open stays, so each is asked for once. */
@Injectable()
export class KnownLedgers {
  readonly #known = new Set<string>();

  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  has(ledger: string): boolean {
    return this.#known.has(ledger);
  }

  /** @throws ProblemError 404 when nobody opened it */
  async find(ledger: string): Promise<void> {
    if (this.#known.has(ledger)) return;
    if ((await readHead(this.pool, ledger)) === undefined) throw errorOf(unknownLedger(ledger));
    this.#known.add(ledger);
  }
}
