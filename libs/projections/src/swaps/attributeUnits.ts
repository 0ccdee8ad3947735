import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { keyOf, microseconds } from '#contracts/scalars';
import type { Holding } from '#ledger/account';
import { type Attribution, attribute, isPending, type LegReceived, type Lots, startLots } from '#ledger/attribution';
import { Turns } from '#platform/service/turns';
import type { Batch, Posting } from '../engine/batch.ts';
import type { AccountState } from '../engine/ledgerState.ts';
import { bigint, id, inOrder, int, moment, Table, text } from '../engine/table.ts';
import { arrayLiteral, instantOf } from '../engine/values.ts';
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
 *
 * @param terms of the swaps, which are being written
 */
export async function attributeUnits(batch: Batch, db: Db, terms: Promise<unknown>): Promise<void> {
  const executes = batch.events.some(({ type }) => type === 'lading.swap.executed.v1');
  const [pending] = await Promise.all([loadLines(batch, db), terms]);
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
  const lines = [...pending.values()];
  const kept = lines.filter(({ lots }) => isPending(lots));
  const gone = lines.filter(({ lots }) => !isPending(lots));
  // The lots are other rows than the counts: nobody waits in between.
  await Promise.all([counts.write(batch.ledger, db), inOrder(db, batch.ledger, [keepLots, kept], [forgetLots, gone])]);
}

/**
 * After an event was taken back: the units of its lines are attributed anew, from all that stands, since what left an account after it
 * may have been others. The postings have all moves of a line; the swaps say which of them were executions.
 */
export async function attributeAgain(undone: LedgerEvent, { ledger }: Batch, db: Db): Promise<void> {
  const lines = [...linesOf(undone).values()];
  if (lines.length === 0) return;
  const turns = new Turns();
  const counts = new Counts();
  const kept: AttributedLine[] = [];
  const touched = new Set<string>();
  for (const { order, line } of lines) {
    const legs = (await db.query<{ swap: string; leg: number }>(LEGS_OF_LINE, [ledger, order, line])).rows;
    if (legs.length === 0) continue;
    for (const { swap } of legs) touched.add(swap);
    await db.query(FORGET_COUNTS, [ledger, order, line]);
    let lots: Lots = {};
    for (const event of await eventsOfLine(ledger, order, line, db)) {
      if (turns.over) await turns.next();
      const after = attribute(lots, event, { order, line });
      lots = after.lots;
      counts.add(event, after);
    }
    if (isPending(lots)) kept.push({ order, line, lots });
  }
  await db.query('UPDATE swap_legs SET completed = DEFAULT WHERE ledger = $1 AND swap = ANY($2::text[])', [
    ledger,
    arrayLiteral([...touched]),
  ]);
  await counts.write(ledger, db);
  if (touched.size > 0) await complete(db, ledger, [...touched]);
  await forgetLots(
    db,
    ledger,
    lines.map((one) => ({ ...one, lots: {} })),
  );
  await keepLots(db, ledger, kept);
}

const LEGS_OF_LINE = 'SELECT swap, leg FROM swap_legs WHERE ledger = $1 AND "order" = $2 AND line = $3';
const FORGET_COUNTS = `
  DELETE FROM swap_counts c USING swap_legs l
   WHERE c.ledger = $1 AND l.ledger = $1 AND c.swap = l.swap AND c.leg = l.leg AND l."order" = $2 AND l.line = $3`;

interface MovedRow {
  readonly sequence: number;
  readonly type: string;
  readonly occurred: string;
  readonly quantity: number;
  readonly item: string;
  readonly from: Move['from'];
  readonly to: Move['to'];
}

// What takes an event back, and what was taken back, moved nothing by what stands. The from of a move stands before its to.
const MOVES_OF_LINE = `
  SELECT p.sequence, a.type, ${instantOf('p.occurred')} AS occurred, q.quantity, f.item,
    jsonb_strip_nulls(jsonb_build_object('owner', f.owner, 'custodian', f.custodian, 'stage', f.stage, 'shipment', f.shipment)) AS "from",
    jsonb_strip_nulls(jsonb_build_object('owner', t.owner, 'custodian', t.custodian, 'stage', t.stage, 'shipment', t.shipment)) AS "to"
  FROM holdings f
    JOIN postings p ON p.ledger = $1 AND p.account = f.account AND p.n % 2 = 0
    JOIN postings q ON q.ledger = $1 AND q.sequence = p.sequence AND q.n = p.n + 1
    JOIN holdings t ON t.ledger = $1 AND t.account = q.account
    JOIN activity a ON a.ledger = $1 AND a.sequence = p.sequence
  WHERE f.ledger = $1 AND f."order" = $2 AND f.line = $3 AND a.voided_by IS NULL AND a.voids IS NULL
  ORDER BY p.sequence, p.n`;

/** The executions of swaps of whose legs some are of a line, with their legs as attribution looks at them. */
const EXECUTIONS = `
  SELECT s.executed_sequence AS sequence, l.swap, l.leg, l.giver AS "from", l.receiver AS "to", l."order", l.line, l.item, l.quantity
  FROM swap_legs l JOIN swaps s ON s.ledger = $1 AND s.swap = l.swap
  WHERE l.ledger = $1 AND l.executed AND l."order" = $2 AND l.line = $3 AND s.executed_sequence IS NOT NULL
  ORDER BY l.swap, l.leg`;

async function eventsOfLine(ledger: string, order: string, line: string, db: Db): Promise<LedgerEvent[]> {
  const moved = await db.query<MovedRow>(MOVES_OF_LINE, [ledger, order, line]);
  const executed = await db.query<ExecutedLeg>(EXECUTIONS, [ledger, order, line]);
  const legs = groupBy(executed.rows, ({ sequence }) => sequence);
  return [...groupBy(moved.rows, ({ sequence }) => sequence)].map(([sequence, rows]) => {
    const moves = rows.map(({ quantity, item, from, to }) => ({ item, order, line, quantity, from, to }));
    const own = legs.get(sequence);
    const { type = '', occurred: time = '' } = rows[0] ?? {};
    const data = own === undefined ? { moves } : { swap: own[0]?.swap, legs: numbered(own), moves };
    return { type, time, sequence, data } as unknown as LedgerEvent;
  });
}

/** The legs by their numbers in the swap; those of other lines move nothing here. */
const numbered = (legs: readonly ExecutedLeg[]): { readonly from: string; readonly quantity: number }[] =>
  Array.from(
    { length: Math.max(...legs.map(({ leg }) => leg)) + 1 },
    (_, n) => legs.find(({ leg }) => leg === n) ?? { from: '', quantity: 0 },
  );

interface ExecutedLeg {
  readonly sequence: number;
  readonly swap: string;
  readonly leg: number;
  readonly from: string;
  readonly quantity: number;
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
  /** By order, then by line: an order may have thousands of accounts, and a swap a hundred legs of its lines. */
  readonly #accounts = new Map<string, Map<string, AccountState[]>>();

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  holdings(order: string, line: string, sequence: number): Holding[] {
    this.#postings ??= groupBy(this.#batch.postings, ({ account }) => account.id);
    const postings = this.#postings;
    return this.#accountsOf(order, line).map(({ id, account, quantity }) => ({
      ...account,
      quantity: (postings.get(id) ?? []).reduce(
        (left, one) => (one.sequence >= sequence ? left - one.quantity : left),
        quantity,
      ),
    }));
  }

  #accountsOf(order: string, line: string): readonly AccountState[] {
    let ofOrder = this.#accounts.get(order);
    if (ofOrder === undefined) {
      ofOrder = groupBy(this.#batch.orders.get(order)?.accounts.values() ?? [], ({ account }) => account.line);
      this.#accounts.set(order, ofOrder);
    }
    return ofOrder.get(line) ?? [];
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

const complete = (db: Db, ledger: string, swaps: readonly string[]): Promise<unknown[]> =>
  db.query<object>(COMPLETE, [ledger, arrayLiteral([...swaps])]).then(({ rows }) => rows);

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
    const swaps = [...new Set(counts.map(({ swap }) => swap))];
    await inOrder(db, ledger, [addCounts, counts], [complete, swaps]);
  }

  #count(sequence: number, { swap, leg, quantity, occurred }: LegReceived, kind: string): void {
    const key = `${swap}|${leg}|${sequence}|${kind}`;
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { swap, leg, sequence, kind, occurred, quantity });
    else count.quantity += quantity;
  }
}
