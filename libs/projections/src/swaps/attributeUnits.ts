import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { keyOf, microseconds } from '#contracts/scalars';
import type { Holding } from '#ledger/account';
import { type Attribution, attribute, isPending, type LegReceived, type Lots, startLots } from '#ledger/attribution';
import { Turns } from '#platform/service/turns';
import type { Batch, Posting } from '../engine/batch.ts';
import { bigint, id, int, moment, Table, text } from '../engine/table.ts';
import { arrayLiteral } from '../engine/values.ts';
import { groupBy } from '../reading/groupBy.ts';
import type { Db } from '../reading/readModel.ts';

// A leg's units as they came (or were lost, or cancelled), each with when it happened (at the execution, when that is later), so that a balance can be judged at any moment and
// integrated over time.
export const swapCounts = new Table('swap_counts', {
  columns: { swap: id, leg: int, sequence: bigint, kind: text, occurred: moment, quantity: bigint },
  key: ['swap', 'leg', 'sequence', 'kind'],
});

// Which of a line's units are which leg's, as the ledger's attribution keeps it: a row a line, for as long as some of a leg's units have
// yet to arrive.
export const swapLots = new Table('swap_lots', {
  columns: { order: id, line: id, lots: text },
  key: ['order', 'line'],
});

interface AttributedLine {
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
  const pending = await loadLines(batch, db);
  if (!executes && pending.size === 0) return;

  const before = new BalancesBefore(batch);
  const counts = new Counts();
  const turns = new Turns();
  for (const event of batch.events) {
    for (const [key, { order, line }] of linesOf(event)) {
      if (turns.over) await turns.next();
      if (!batch.orders.has(order)) continue;
      let state = pending.get(key);
      if (event.type === 'lading.swap.executed.v1' && (state === undefined || !isPending(state.lots))) {
        state = { order, line, lots: startLots(before.holdings(order, line, event.sequence)) };
        pending.set(key, state);
      }
      if (state === undefined || !(event.type === 'lading.swap.executed.v1' || isPending(state.lots))) continue;
      const after = attribute(state.lots, event, { order, line }, batch.isOfPast);
      state.lots = after.lots;
      counts.add(event, after);
    }
  }
  await counts.write(batch.ledger, db);
  const lines = [...pending.values()];
  await keepLots(
    db,
    batch.ledger,
    lines.filter(({ lots }) => isPending(lots)),
  );
  await forgetLots(
    db,
    batch.ledger,
    lines.filter(({ lots }) => !isPending(lots)),
  );
}

async function loadLines({ ledger, orders }: Batch, db: Db): Promise<Map<string, AttributedLine>> {
  const { rows } = await db.query<{ order: string; line: string; lots: string }>(
    'SELECT "order", line, lots FROM swap_lots WHERE ledger = $1 AND "order" = ANY($2::text[])',
    [ledger, arrayLiteral([...orders.keys()])],
  );
  return new Map(rows.map((row) => [keyOf(row.order, row.line), { ...row, lots: JSON.parse(row.lots) as Lots }]));
}

const keepLots = swapLots.upsert<AttributedLine>({
  order: ({ order }) => order,
  line: ({ line }) => line,
  // In one order of accounts, so that a row does not depend on the batches in which its events came.
  lots: ({ lots }) => JSON.stringify(Object.fromEntries(Object.entries(lots).sort(([a], [b]) => (a < b ? -1 : 1)))),
});

const forgetLots = swapLots.remove<AttributedLine>({ order: ({ order }) => order, line: ({ line }) => line });

const linesOf = (event: LedgerEvent): Map<string, { order: string; line: string }> =>
  new Map(movesOf(event).map(({ order, line }) => [keyOf(order, line), { order, line }]));

/** What was on the accounts of a line before an event of the batch. */
class BalancesBefore {
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

interface LegCount {
  readonly swap: string;
  readonly leg: number;
  readonly sequence: number;
  readonly kind: string;
  readonly occurred: string;
  quantity: number;
}

const addCounts = swapCounts.insert<LegCount>({
  swap: ({ swap }) => swap,
  leg: ({ leg }) => leg,
  sequence: ({ sequence }) => sequence,
  kind: ({ kind }) => kind,
  occurred: ({ occurred }) => microseconds(occurred),
  quantity: ({ quantity }) => quantity,
});

const COMPLETE = `
  UPDATE swap_legs l SET completed = c.completed
  FROM (
    SELECT swap, leg, sum(quantity) AS quantity, max(occurred) AS completed FROM swap_counts
    WHERE ledger = $1 AND swap = ANY($2::text[]) AND kind = 'received' GROUP BY swap, leg
  ) c
  WHERE l.ledger = $1 AND l.swap = ANY($2::text[]) AND l.swap = c.swap AND l.leg = c.leg AND l.quantity = c.quantity`;

/** A leg's units by event and by what became of them. */
class Counts {
  readonly #counts = new Map<string, LegCount>();

  add(event: LedgerEvent, { received, gone }: Attribution): void {
    for (const one of received) this.#count(event.sequence, one, 'received');
    for (const one of gone) this.#count(event.sequence, one, one.how);
  }

  async write(ledger: string, db: Db): Promise<void> {
    const counts = [...this.#counts.values()];
    if (counts.length === 0) return;
    await addCounts(db, ledger, counts);
    await db.query(COMPLETE, [ledger, arrayLiteral([...new Set(counts.map(({ swap }) => swap))])]);
  }

  #count(sequence: number, { swap, leg, quantity, occurred }: LegReceived, kind: string): void {
    const key = `${swap}|${leg}|${sequence}|${kind}`;
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { swap, leg, sequence, kind, occurred, quantity });
    else count.quantity += quantity;
  }
}
