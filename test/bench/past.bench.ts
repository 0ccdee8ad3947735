import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { ReadModels } from '#projections/readModels';
import { ensureActive } from '#projections/versions/versions';
import { applyAll } from '#test/projections/freshReadModels';
import { manyEvents } from '#test/projections/manyEvents';
import { record } from '#test/projections/recorded';
import { below, type Figure } from './figure.ts';
import { percentile } from './percentile.ts';
import { milliseconds, onQueryService } from './queryService.ts';

export const name = 'past';

const EVENTS = 30_000;
const QUESTIONS = 500;

/**
 * Asks the whole query service, without a network, for orders, shipments and swaps as they were, each at a moment of its own on both axes
 * of time. The limit is the same question about now.
 */
export function run(): Promise<Figure[]> {
  return onQueryService(fill, async ({ ask, filled: events }) => {
    const figures: Figure[] = [];
    for (const [kind, type] of [
      ['order', 'lading.order.placed.v1'],
      ['shipment', 'lading.shipment.dispatched.v1'],
      ['swap', 'lading.swap.proposed.v1'],
    ] as const) {
      const ids = [...new Set(events.flatMap((event) => (event.type === type ? [event.subject] : [])))];
      const pathOf = (n: number) => `${kind}s/${ids[(n * 7_919) % ids.length]?.slice(kind.length + 1) ?? ''}`;
      const then = (n: number) => {
        const known = 1 + ((n * 104_729) % events.length);
        return `at=${events[(n * 15_485_863) % known]?.time ?? ''}&known=${known}`;
      };
      const now = await milliseconds(QUESTIONS, (n) => ask(pathOf(n)));
      const past = await milliseconds(QUESTIONS, (n) => ask(`${pathOf(n)}?${then(n)}`));
      const p99 = (times: readonly number[]) => Math.round(percentile(times, 0.99) * 100) / 100;
      const what = `${kind} at a moment, among ${EVENTS.toLocaleString('en')} events`;
      figures.push(below(`${what}, p99`, 'ms', p99(past), 20, p99(now)));
    }
    return figures;
  });
}

/** Records events and applies them. */
async function fill(pool: pg.Pool): Promise<readonly LedgerEvent[]> {
  const models = new ReadModels(pool, await ensureActive(pool));
  const events = [...manyEvents(EVENTS)];
  for (let at = 0; at < events.length; at += 2_000) {
    const some = events.slice(at, at + 2_000);
    await record(pool, some);
    await applyAll(models, some);
  }
  await pool.query(
    'INSERT INTO journal.ledgers SELECT ledger, max(sequence), max(recorded) FROM journal.events GROUP BY ledger',
  );
  return events;
}
