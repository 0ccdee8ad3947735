import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { readHead } from '#journal/reader';
import { appliedSequence } from '#projections/reading/withReadModels';
import { POOL } from '#platform/service/tokens';
import { News, type NewsOf } from './news.ts';
import { noReadModels } from './noReadModels.ts';
import { notYet } from './refusals.ts';

/** How long a read waits for a write, in milliseconds. */
export const PATIENCE_MS = 5_000;
/** A word may be missed while the connection that hears them is made again: everybody looks by themselves, too. */
const LOOK_AGAIN_MS = 250;

/** Waits until a sequence can be seen. */
@Injectable()
export class Visibility {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly news: News,
  ) {}

  /** Until the read models have applied it. @throws the 503 of one that takes too long */
  async applied(ledger: string, asked: number): Promise<void> {
    await this.reached(ledger, asked, 'applied', async () => {
      try {
        return await appliedSequence(this.pool, ledger);
      } catch (error) {
        throw noReadModels(error) ?? error;
      }
    });
  }

  /** Until the journal has it. @throws the 503 of one that takes too long */
  async recorded(ledger: string, asked: number): Promise<void> {
    await this.reached(ledger, asked, 'recorded', async () => (await readHead(this.pool, ledger)) ?? 0);
  }

  private async reached(ledger: string, asked: number, what: NewsOf, look: () => Promise<number>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    const news = this.news.of(ledger, what);
    try {
      for (let sequence = await look(); sequence < asked; sequence = await look()) {
        const left = deadline - Date.now();
        if (left <= 0) throw notYet(ledger, asked, sequence);
        await news.wait(Math.min(left, LOOK_AGAIN_MS));
      }
    } finally {
      news.end();
    }
  }
}
