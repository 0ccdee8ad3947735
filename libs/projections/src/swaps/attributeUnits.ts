import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Holding } from '#ledger/account';
import { attribute, isPending, type Lots, startLots } from '#ledger/attribution';
import { movesOf } from '#ledger/touched';
import type { Batch, Posting } from '../engine/batch.ts';
import { arrayLiteral, columns, overRows } from '../engine/columns.ts';
import { microseconds, momentOf } from '../engine/moment.ts';
import { groupBy } from '../reading/groupBy.ts';
import type { Db } from '../reading/readModel.ts';

const COUNT = `
  INSERT INTO swap_counts
  SELECT $1, swap, leg, sequence, kind, ${momentOf('occurred')}, quantity
  FROM unnest($2::text[], $3::int[], $4::bigint[], $5::text[], $6::float8[], $7::bigint[]) AS t (swap, leg, sequence, kind, occurred, quantity)`;
const COMPLETE = `
  UPDATE swap_legs l SET completed = c.completed
  FROM (
    SELECT swap, leg, sum(quantity) AS quantity, max(occurred) AS completed FROM swap_counts
    WHERE ledger = $1 AND swap = ANY($2::text[]) AND kind = 'received' GROUP BY swap, leg
  ) c
  WHERE l.ledger = $1 AND l.swap = ANY($2::text[]) AND l.swap = c.swap AND l.leg = c.leg AND l.quantity = c.quantity`;
const KEEP = `
  INSERT INTO swap_lots SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[])
  ON CONFLICT (ledger, "order", line) DO UPDATE SET lots = excluded.lots`;
const FORGET = `
  DELETE FROM swap_lots s USING unnest($2::text[], $3::text[]) AS t ("order", line)
  WHERE s.ledger = $1 AND s."order" = ANY($2::text[]) AND s."order" = t."order" AND s.line = t.line`;

interface Line {
  readonly order: string;
  readonly line: string;
  lots: Lots;
}

/**
 * Counts what of each leg arrived, or never will. Only lines of which a leg's units are on their way are looked at: from the
 * execution of a swap on, until the last of them arrived.
 */
export async function attributeUnits(batch: Batch, db: Db): Promise<void> {
  const executes = batch.events.some(({ type }) => type === 'lading.swap.executed.v1');
  const pending = await load(batch, db);
  if (!executes && pending.size === 0) return;

  const before = new Before(batch);
  const counts = new Counts();
  for (const event of batch.events) {
    for (const [key, { order, line }] of linesOf(event)) {
      let state = pending.get(key);
      if (event.type === 'lading.swap.executed.v1' && (state === undefined || !isPending(state.lots))) {
        state = { order, line, lots: startLots(before.holdings(order, line, event.sequence)) };
        pending.set(key, state);
      }
      if (state === undefined || !(event.type === 'lading.swap.executed.v1' || isPending(state.lots))) continue;
      const after = attribute(state.lots, event, { order, line });
      state.lots = after.lots;
      counts.add(event, after);
    }
  }
  await counts.write(batch.ledger, db);
  await write(batch.ledger, [...pending.values()], db);
}

/** The lots of a line do not depend on the batches in which its events came: they are written in one order. */
const canonical = (lots: Lots): string =>
  JSON.stringify(Object.fromEntries(Object.entries(lots).sort(([a], [b]) => (a < b ? -1 : 1))));

async function load({ ledger, orders }: Batch, db: Db): Promise<Map<string, Line>> {
  const { rows } = await db.query<{ order: string; line: string; lots: string }>(
    'SELECT "order", line, lots FROM swap_lots WHERE ledger = $1 AND "order" = ANY($2::text[])',
    [ledger, arrayLiteral([...orders.keys()])],
  );
  return new Map(rows.map((row) => [`${row.order}|${row.line}`, { ...row, lots: JSON.parse(row.lots) as Lots }]));
}

async function write(ledger: string, lines: readonly Line[], db: Db): Promise<void> {
  const { true: kept = [], false: done = [] } = Object.fromEntries(
    groupBy(lines, ({ lots }) => String(isPending(lots))),
  );
  const named = [({ order }: Line) => order, ({ line }: Line) => line];
  await overRows(
    db,
    KEEP,
    ledger,
    columns(kept, ...named, ({ lots }) => canonical(lots)),
  );
  await overRows(db, FORGET, ledger, columns(done, ...named));
}

const linesOf = (event: LedgerEvent): Map<string, { order: string; line: string }> =>
  new Map(movesOf(event).map(({ order, line }) => [`${order}|${line}`, { order, line }]));

/** What was on the accounts of a line before an event of the batch. */
class Before {
  readonly #batch: Batch;
  #postings: Map<number, Posting[]> | undefined;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  holdings(order: string, line: string, sequence: number): Holding[] {
    this.#postings ??= groupBy(this.#batch.postings, ({ account }) => account.id);
    const postings = this.#postings;
    return [...(this.#batch.orders.get(order)?.accounts.values() ?? [])]
      .filter(({ account }) => account.line === line)
      .map(({ id, account, quantity }) => ({
        ...account,
        quantity: (postings.get(id) ?? []).reduce(
          (left, one) => (one.sequence >= sequence ? left - one.quantity : left),
          quantity,
        ),
      }));
  }
}

interface Count {
  readonly swap: string;
  readonly leg: number;
  readonly event: LedgerEvent;
  readonly kind: string;
  quantity: number;
}

/** A leg's units by event and by what became of them. */
class Counts {
  readonly #counts = new Map<string, Count>();

  add(event: LedgerEvent, { received, gone }: Pick<ReturnType<typeof attribute>, 'received' | 'gone'>): void {
    for (const one of received) this.#count(event, one, 'received');
    for (const one of gone) this.#count(event, one, one.how);
  }

  #count(
    event: LedgerEvent,
    { swap, leg, quantity }: { swap: string; leg: number; quantity: number },
    kind: string,
  ): void {
    const key = `${swap}|${leg}|${event.sequence}|${kind}`;
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { swap, leg, event, kind, quantity });
    else count.quantity += quantity;
  }

  async write(ledger: string, db: Db): Promise<void> {
    await overRows(
      db,
      COUNT,
      ledger,
      columns(
        [...this.#counts.values()],
        ({ swap }) => swap,
        ({ leg }) => leg,
        ({ event }) => event.sequence,
        ({ kind }) => kind,
        ({ event }) => microseconds(event.time),
        ({ quantity }) => quantity,
      ),
    );
    const swaps = new Set([...this.#counts.values()].map(({ swap }) => swap));
    await overRows(db, COMPLETE, ledger, [[...swaps]]);
  }
}
