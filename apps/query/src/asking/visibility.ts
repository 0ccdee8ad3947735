import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { readHead } from '#journal/reader';
import { appliedSequence, standsStill } from '#projections/reading/readModel';
import { POOL } from '#platform/service/tokens';
import { behindStandstill, noReadModels, notYet } from './problems.ts';
import { type SignalOf, Signals } from './signals.ts';

/** How long a read waits for a write, in milliseconds. */
const PATIENCE_MS = 5_000;
/** A notification may be lost while the connection that hears them is made again, so everybody looks by themselves as well. */
const LOOK_AGAIN_MS = 250;

/** Waits until a sequence can be seen. */
@Injectable()
export class Visibility {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly signals: Signals,
  ) {}

  /** Until the read models have applied it. @throws the 503 of one that takes too long, or that waits for another release */
  async applied(ledger: string, asked: number): Promise<void> {
    await this.#reached(ledger, asked, 'applied', async () => {
      try {
        const sequence = await appliedSequence(this.pool, ledger);
        const reason = sequence < asked ? await standsStill(this.pool, ledger) : undefined;
        if (reason !== undefined) throw behindStandstill(ledger, asked, sequence, reason);
        return sequence;
      } catch (error) {
        throw noReadModels(error) ?? error;
      }
    });
  }

  /** Until the journal has it. @throws the 503 of one that takes too long */
  async recorded(ledger: string, asked: number): Promise<void> {
    await this.#reached(ledger, asked, 'recorded', async () => (await readHead(this.pool, ledger)) ?? 0);
  }

  async #reached(ledger: string, asked: number, what: SignalOf, look: () => Promise<number>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    await this.signals.during(ledger, what, async (signal) => {
      for (let sequence = await look(); sequence < asked; sequence = await look()) {
        const left = deadline - Date.now();
        if (left <= 0) throw notYet(ledger, asked, sequence);
        await signal.wait(undefined, Math.min(left, LOOK_AGAIN_MS));
      }
    });
  }
}
