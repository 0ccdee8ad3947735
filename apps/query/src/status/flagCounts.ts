import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import type { FlagRule } from '#contracts/flagRows';
import { readLedgers } from '#journal/reader';
import { POOL } from '#platform/service/tokens';
import { gauge } from '#platform/watching/metrics';
import { countFlags } from '#projections/flags/counts';
import { withReadModels } from '#projections/reading/readModel';

/** Milliseconds after which flags are counted anew, when somebody asks. */
const FRESH_MS = 15_000;

const counting = new Set<FlagCounts>();
gauge('lading_flags', 'Flags that are up, as counted last', ['ledger', 'rule'], function collect() {
  this.reset();
  for (const flags of counting) {
    for (const [ledger, counts] of flags.newest()) {
      for (const [rule, count] of counts) this.set({ ledger, rule }, count);
    }
  }
});

/**
 * How many flags are up. `/metrics` has to answer at once, also when the database does not: it shows what was counted last, and lets
 * the flags be counted again when that is a while ago.
 */
@Injectable()
export class FlagCounts implements OnApplicationShutdown {
  #counts: ReadonlyMap<string, ReadonlyMap<FlagRule, number>> = new Map();
  #isCounting = false;
  #begun = -Infinity;

  constructor(@Inject(POOL) private readonly pool: pg.Pool) {
    counting.add(this);
  }

  onApplicationShutdown(): void {
    counting.delete(this);
  }

  newest(): ReadonlyMap<string, ReadonlyMap<FlagRule, number>> {
    if (!this.#isCounting && performance.now() - this.#begun > FRESH_MS) void this.#count();
    return this.#counts;
  }

  async #count(): Promise<void> {
    this.#isCounting = true;
    this.#begun = performance.now();
    try {
      const counts = new Map<string, ReadonlyMap<FlagRule, number>>();
      for (const { ledger } of await readLedgers(this.pool)) {
        if (!counting.has(this)) return;
        counts.set(ledger, await withReadModels(this.pool, ledger, countFlags));
      }
      this.#counts = counts;
    } catch {
      // What was counted before stays: that the database is away is said by the service's health.
    } finally {
      this.#isCounting = false;
    }
  }
}
