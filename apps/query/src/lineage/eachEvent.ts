import { type LedgerEvent, parseEvent } from '#contracts/cloudEvent';
import { readSequences } from '#journal/past';
import { Turns } from '#platform/service/turns';
import type { ReadModel } from '#projections/reading/readModel';

/** An answer goes through so many events, of so many bytes. */
export const MAX_EVENTS = 5_000;
const MAX_BYTES = 32_000_000;
/** Events that are in memory at once. */
const PAGE = 64;

/**
 * Hands on the events of some sequences, in order, a few at a time and in turns; without facts that were taken back by then, and what took
 * them back: as if neither had been told.
 * @param enough says whether to stop
 * @returns whether it was all of them
 */
export async function eachEvent(
  model: ReadModel,
  sequences: readonly number[],
  hand: (event: LedgerEvent) => void,
  enough: () => boolean = () => false,
): Promise<boolean> {
  const { db, ledger } = model;
  const sorted = [...new Set(sequences)].sort((a, b) => a - b);
  if (sorted.length > 2 * MAX_EVENTS) return false;
  const untrue = await takenBack(model, sorted);
  const turns = new Turns();
  let bytes = 0;
  for (let at = 0; at < sorted.length; at += PAGE) {
    for (const row of await readSequences(db, ledger, sorted.slice(at, at + PAGE))) {
      bytes += row.bytes.length;
      if (bytes > MAX_BYTES || enough()) return false;
      if (untrue.has(row.sequence)) continue;
      hand(parseEvent(row.bytes));
      if (turns.over) await turns.next();
    }
  }
  return true;
}

async function takenBack({ db, ledger }: ReadModel, sequences: readonly number[]): Promise<ReadonlySet<number>> {
  const { rows } = await db.query<{ sequence: number }>(
    `SELECT sequence FROM activity WHERE ledger = $1 AND sequence = ANY($2::bigint[]) AND type = 'lading.event.voided.v1'`,
    [ledger, sequences],
  );
  const voids = await readSequences(
    db,
    ledger,
    rows.map(({ sequence }) => sequence),
  );
  return new Set(
    voids.flatMap(({ sequence, bytes }) => {
      const { data } = parseEvent(bytes) as LedgerEvent<'lading.event.voided.v1'>;
      return [sequence, data.sequence];
    }),
  );
}
