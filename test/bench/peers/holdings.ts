import type pg from 'pg';
import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { keyOf } from '#contracts/scalars';

/** Units of an order line, and whose they are: the small read model that the peers build. Where units are, it does not know. */
interface Holding {
  readonly line: string;
  readonly owner: string;
  readonly quantity: number;
}

export const HOLDINGS = `
  DROP TABLE IF EXISTS holdings;
  CREATE TABLE holdings (line text, owner text, quantity bigint NOT NULL, PRIMARY KEY (line, owner))`;

/** The moves of events, as a reader brings them: page by page, and of each event. */
export type Pages = AsyncIterable<readonly (readonly Move[])[]>;

/** Holdings in memory. It does not matter in which order moves are added up. */
class Holdings {
  readonly #all = new Map<string, Holding>();

  apply(moves: readonly Move[]): void {
    for (const { order, line, quantity, from, to } of moves) {
      if (from.stage !== 'supply') this.#add(`${order}/${line}`, from.owner, -quantity);
      if (to.stage !== 'supply') this.#add(`${order}/${line}`, to.owner, quantity);
    }
  }

  quantity(line: string, owner: string): number {
    return this.#all.get(keyOf(line, owner))?.quantity ?? 0;
  }

  list(): Holding[] {
    return [...this.#all.values()].filter(({ quantity }) => quantity !== 0);
  }

  #add(line: string, owner: string, more: number): void {
    this.#all.set(keyOf(line, owner), { line, owner, quantity: this.quantity(line, owner) + more });
  }
}

/** What an event changes about holdings. */
export function changesOf(event: Pick<LedgerEvent, 'data'>): Holding[] {
  const changes = new Holdings();
  changes.apply(movesOf(event));
  return changes.list();
}

/** Adds up in memory what a reader brings, and writes it once. */
export async function addUp(pool: pg.Pool, pages: Pages): Promise<void> {
  const holdings = new Holdings();
  for await (const page of pages) for (const moves of page) holdings.apply(moves);
  const rows = holdings.list();
  await pool.query(HOLDINGS);
  await pool.query('INSERT INTO holdings SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])', [
    rows.map(({ line }) => line),
    rows.map(({ owner }) => owner),
    rows.map(({ quantity }) => quantity),
  ]);
}

export async function countEvents(pages: Pages): Promise<number> {
  let events = 0;
  for await (const page of pages) events += page.length;
  return events;
}

/** @throws when the table does not say what the events say */
export async function checkHoldings(pool: pg.Pool, events: readonly LedgerEvent[]): Promise<void> {
  const wanted = new Holdings();
  for (const event of events) wanted.apply(movesOf(event));
  const { rows } = await pool.query<Holding>('SELECT line, owner, quantity::int FROM holdings WHERE quantity <> 0');
  const wrong = rows.filter(({ line, owner, quantity }) => wanted.quantity(line, owner) !== quantity).length;
  if (wrong > 0 || rows.length !== wanted.list().length)
    throw new Error(`of ${wanted.list().length} holdings ${rows.length} are there, ${wrong} of them wrong`);
}
