import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { FeedEvent } from '#feed/feedEvent';
import { foldHoldings } from '#ledger/fold';
import { createPool } from '#platform/database/database';
import { dispatched, of, placed, received } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import { applyAll, fed, type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { rowsOf } from '#test/projections/rowsOf';
import { withSizes } from '#test/projections/withSizes';
import { ReadModels } from './readModels.ts';
import { projectionStatus } from './versions/status.ts';
import { startVersion } from './versions/versions.ts';

const shipped = (): LedgerEvent[] =>
  given(
    placed('PO-1', 'tesla', 100, 50),
    dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 60 }]),
    received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 60 }]),
    dispatched('S-2', [{ ...of('PO-1', '1'), quantity: 40 }]),
  ).ledger.events;

/** An event that says something that cannot be: units of an order that nobody placed. */
function poisoned(events: readonly LedgerEvent[], sequence: number): FeedEvent[] {
  return events.map((event) => {
    if (event.sequence !== sequence || !('moves' in event.data)) return fed(event);
    const moves = event.data.moves?.map((move) => ({ ...move, order: 'PO-NONE' })) ?? [];
    return fed({ ...event, data: { ...event.data, moves } } as LedgerEvent);
  });
}

/** Holds of which some are released, each later than the one before. */
const holdsAfter = (last: LedgerEvent): LedgerEvent[] =>
  Array.from({ length: 40 }, (_, at) => {
    const [sequence, hold] = [last.sequence + 1 + at, `H-${at % 30}`];
    const line = { owner: 'tesla', item: 'H100', order: 'PO-1', line: '1', quantity: 1 + at };
    const [type, data] =
      at < 30
        ? [
            'lading.units.held.v1',
            { hold, owner: 'tesla', purpose: 'Kept', until: '2030-01-01T00:00:00Z', lines: [line] },
          ]
        : ['lading.units.released.v1', { hold, owner: 'tesla', released: ['PO-1'] }];
    return { ...last, sequence, id: `hold-${at}`, type, subject: `hold/${hold}`, data } as LedgerEvent;
  });

describe('applying a feed to the read models', () => {
  let db: FreshReadModels;
  const events = shipped();
  withSizes({ stretch: 4, few: 2, blocks: [4, 8, 16] });
  const head = events.length;
  const ofPosition = async () =>
    (
      await db.pool.query<{ sequence: number; state: string; reason: string | null }>(
        `SELECT sequence, state, reason FROM rm_1.positions WHERE ledger = 'nvidia'`,
      )
    ).rows[0];

  beforeEach(async () => {
    db = await freshReadModels();
  });
  afterEach(() => db.drop());

  it('the read models have the same rows whatever the batches in which the events come', async () => {
    // One in seven is told late.
    const told = [...manyEvents(2_000, 200)];
    const moving = told.map((event, at) => (at % 7 === 6 ? { ...event, time: told[at >> 1]!.time } : event));
    const many = [...moving, ...holdsAfter(moving.at(-1)!)];
    await db.apply(many);
    const once = await rowsOf(db.pool, 1);
    for (const size of [300, 31]) {
      const version = await startVersion(db.pool);
      await applyAll(new ReadModels(db.pool, version), many, size);
      expect(await rowsOf(db.pool, version)).toEqual(once);
    }
    // A process that goes on with what another one has begun to fill knows nothing of it.
    const version = await startVersion(db.pool);
    await applyAll(new ReadModels(db.pool, version), many.slice(0, 1_111), 300);
    await applyAll(new ReadModels(db.pool, version), many.slice(1_111), 300);
    expect(await rowsOf(db.pool, version)).toEqual(once);
    expect(Object.values(once).filter((rows) => rows.length === 0)).toEqual([]);
  });

  it('an atomic batch of many lines is applied in pieces, and is seen whole or not at all', async () => {
    const lines = Array<number>(200).fill(10);
    const orders = Array.from({ length: 30 }, (_, at) => placed(`PO-${at}`, 'tesla', ...lines));
    const [opening, ...rest] = given(...orders).ledger.events;
    const before = rest.slice(0, -orders.length);
    const batch = rest
      .slice(-orders.length)
      .map((event, batchindex) => ({ ...event, batchindex, batchsize: orders.length }));
    await db.apply([opening!, ...before]);

    const last = poisoned(batch, batch.at(-1)!.sequence);
    expect(await db.models.apply('nvidia', last)).toMatchObject({
      outcome: 'parked',
      sequence: batch[0]!.sequence - 1,
    });
    const seen = async () => {
      const { rows } = await watcher.query<{ lines: number }>('SELECT count(*)::int AS lines FROM rm_1.order_lines');
      return rows[0]!.lines;
    };
    const watcher = createPool(db.url, { max: 1 });
    expect(await seen()).toBe(0);

    const sizes = new Set<number>();
    const applying = { done: false };
    const applied = db.apply(batch).finally(() => {
      applying.done = true;
    });
    while (!applying.done) sizes.add(await seen());
    await applied;
    sizes.add(await seen());
    expect([...sizes].filter((size) => size !== 0)).toEqual([orders.length * lines.length]);
    await watcher.end();
  });

  it('the holdings of every account are those that a fold of the moves alone gives', async () => {
    const many = [...manyEvents(2_000, 200)];
    await db.apply(many, 500);
    const { rows } = await db.pool.query(
      `SELECT owner, custodian, item, "order", line, stage, shipment, quantity FROM rm_1.holdings WHERE quantity <> 0
       ORDER BY concat_ws('|', owner, custodian, item, "order", line, stage, coalesce(shipment, '')) COLLATE "C"`,
    );
    expect(rows).toEqual(foldHoldings(many));
    const sums = await db.pool.query(`SELECT item FROM rm_1.holdings GROUP BY item HAVING sum(quantity) <> 0`);
    expect(sums.rows).toEqual([]);
    const totals = await db.pool.query(
      `SELECT 1 FROM rm_1.holding_totals FULL JOIN
         (SELECT ledger, owner, item, stage, custodian, sum(quantity) AS quantity FROM rm_1.holdings GROUP BY 1, 2, 3, 4, 5) h
         USING (ledger, owner, item, stage, custodian)
       WHERE holding_totals.quantity IS DISTINCT FROM h.quantity`,
    );
    expect(totals.rows).toEqual([]);
    const each = `FROM rm_1.holdings h CROSS JOIN LATERAL (
      VALUES ('', 'either'), (owner, 'own'), (owner, 'either'), (CASE WHEN custodian <> owner THEN custodian END, 'either')
    ) AS of (party, role) WHERE party IS NOT NULL`;
    const ofItems = await db.pool.query(
      `SELECT 1 FROM rm_1.item_totals FULL JOIN
         (SELECT ledger, party COLLATE "C" AS party, role, item, stage, sum(h.quantity) AS quantity ${each} GROUP BY 1, 2, 3, 4, 5) h
         USING (ledger, party, role, item, stage)
       WHERE item_totals.quantity IS DISTINCT FROM h.quantity`,
    );
    expect(ofItems.rows).toEqual([]);
  });

  it('each posting has the balance of its account after it', async () => {
    await db.apply([...manyEvents(2_000, 200)], 270);
    const { rows } = await db.pool.query(
      `SELECT * FROM (SELECT balance, sum(quantity) OVER (PARTITION BY account ORDER BY sequence, n) AS running FROM rm_1.postings) p
       WHERE balance <> running`,
    );
    expect(rows).toEqual([]);
  });

  it('events that were applied are skipped: a feed that begins again from the start changes nothing', async () => {
    await db.apply(events);
    const before = await rowsOf(db.pool, 1);
    expect(await db.models.apply('nvidia', events.map(fed))).toEqual({ outcome: 'applied', sequence: head });
    expect(await db.models.apply('nvidia', events.slice(3, 6).map(fed))).toEqual({
      outcome: 'applied',
      sequence: head,
    });
    expect(await rowsOf(db.pool, 1)).toEqual(before);
  });

  it('the read models stop at a hole: events before it are applied, and none after it', async () => {
    const withHole = events.filter(({ sequence }) => sequence !== 11).map(fed);
    expect(await db.models.apply('nvidia', withHole)).toEqual({ outcome: 'hole', sequence: 10, got: 12 });
    await db.models.stopAtHole('nvidia', 10, 12);
    expect(await ofPosition()).toEqual({
      sequence: 10,
      state: 'hole',
      reason: 'event 11 is missing; the next one there is 12',
    });
    await db.apply(events.slice(10));
    expect(await ofPosition()).toEqual({ sequence: head, state: 'running', reason: null });
  });

  it('a ledger is parked at an event that cannot be applied, with the reason, after all events before it were applied; other ledgers continue', async () => {
    const poison = events.find(({ type }) => type === 'lading.shipment.received.v1')!.sequence;
    const applied = await db.models.apply('nvidia', poisoned(events, poison));
    const reason = `event ${poison} (lading.shipment.received.v1) cannot be applied: order PO-NONE was never placed in this ledger`;
    expect(applied).toEqual({ outcome: 'parked', sequence: poison - 1, reason });
    expect(await ofPosition()).toEqual({ sequence: poison - 1, state: 'parked', reason });
    expect(await db.models.apply('nvidia', poisoned(events, poison).slice(poison - 1))).toEqual(applied);

    await db.apply([...manyEvents(50)]);
    expect((await db.models.positions()).get(LEDGER)).toBe(50);

    // A process that knows better (here: one that is given the right event) goes on from there.
    await applyAll(new ReadModels(db.pool, 1), events);
    expect(await ofPosition()).toEqual({ sequence: head, state: 'running', reason: null });
  });

  it('half of an atomic batch is never shown, not even when an event in it cannot be applied', async () => {
    const poison = events.find(({ type }) => type === 'lading.shipment.received.v1')!.sequence;
    const inBatch = poisoned(events, poison).map(({ event }) => {
      const batchindex = event.sequence - (poison - 1);
      return fed(batchindex === 0 || batchindex === 1 ? { ...event, batchindex, batchsize: 2 } : event);
    });
    expect(await db.models.apply('nvidia', inBatch)).toMatchObject({ outcome: 'parked', sequence: poison - 2 });
    expect(await ofPosition()).toMatchObject({ sequence: poison - 2, state: 'parked' });
  });

  it('an event of an earlier release that holds a NUL and a day of the year 0000 is shown as it can be, and stops nothing', async () => {
    const old = (event: (typeof events)[number]) => {
      const data = JSON.parse(JSON.stringify(event.data).replaceAll(/"(20\d\d)-/g, '"0000-')) as typeof event.data;
      return { ...event, data: 'name' in data ? { ...data, name: 'PADDED\0' } : data } as typeof event;
    };
    const last = events.at(-1)!.sequence;
    expect(await db.models.apply('nvidia', events.map(old).map(fed))).toMatchObject({
      outcome: 'applied',
      sequence: last,
    });
    const { rows } = await db.pool.query<{ name: string }>('SELECT DISTINCT name FROM rm_1.parties');
    expect(rows).toEqual([{ name: 'PADDED\ufffd' }]);
  });

  it('a ledger is parked at a value that the tables cannot take, and nothing of that event is left in them', async () => {
    const bad = events.map((event) => (event.sequence === 12 ? fed({ ...event, time: 'never' }) : fed(event)));
    expect(await db.models.apply('nvidia', bad)).toMatchObject({ outcome: 'parked', sequence: 11 });
    expect((await db.pool.query('SELECT max(sequence) AS last FROM rm_1.activity')).rows).toEqual([{ last: 11 }]);
  });

  it('applying a batch throws when the database fails, so that it is tried again, and nothing of the batch is left', async () => {
    const pool = createPool(db.url);
    await pool.end();
    await expect(new ReadModels(pool, 1).apply('nvidia', events.map(fed))).rejects.toThrow();
    await db.apply(events.slice(0, 10));
    const blocker = new pg.Client(db.url);
    await blocker.connect();
    await blocker.query(`BEGIN; LOCK TABLE rm_1.postings IN ACCESS EXCLUSIVE MODE`);
    const impatient = createPool(db.url, { timeouts: { lock: 100 } });
    await expect(new ReadModels(impatient, 1).apply('nvidia', events.slice(10).map(fed))).rejects.toThrow(
      /lock timeout/,
    );
    await blocker.end();
    await impatient.end();
    expect((await db.models.positions()).get('nvidia')).toBe(10);
    expect((await db.pool.query('SELECT max(sequence) AS last FROM rm_1.activity')).rows).toEqual([{ last: 10 }]);
    await db.apply(events.slice(10));
  });

  it('a process that was thought dead is fenced: its late batch finds that the position has moved, and applies nothing twice', async () => {
    const zombie = new ReadModels(db.pool, 1);
    await applyAll(zombie, events.slice(0, 8));
    // Its successor holds the position's lock while the zombie arrives with the same events.
    const successor = new pg.Client(db.url);
    await successor.connect();
    await successor.query(`BEGIN; SELECT FROM rm_1.positions WHERE ledger = 'nvidia' FOR UPDATE`);
    const late = zombie.apply('nvidia', events.slice(8).map(fed));
    await waiting(db.pool);
    await successor.query('ROLLBACK');
    await successor.end();
    const [one, other] = await Promise.all([late, db.models.apply('nvidia', events.map(fed))]);
    expect([one, other]).toEqual([
      { outcome: 'applied', sequence: head },
      { outcome: 'applied', sequence: head },
    ]);
    await expectSameAsFresh(db, events);
  });

  it('a process forgets what it remembers of a ledger when another process has moved the position meanwhile', async () => {
    const other = new ReadModels(db.pool, 1);
    await db.apply(events.slice(0, 11));
    await applyAll(other, events.slice(0, 12));
    await db.apply(events.slice(11, 13));
    await applyAll(other, events.slice(11));
    await expectSameAsFresh(db, events);
  });

  it('the statements of a small batch are planned once, and those of a large one for what it has', async () => {
    await db.apply(events, 2);
    await db.apply([...manyEvents(300, 800)]);
    const { rows } = await db.pool.query<{ statement: string; planned: number; run: number }>(
      `SELECT statement, custom_plans::int AS planned, generic_plans::int AS run
         FROM pg_prepared_statements WHERE name LIKE 'rm\\_1-%'`,
    );
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter(({ planned }) => planned > 0)).toEqual([]);
    expect(rows.some(({ run }) => run > 1)).toBe(true);
    // The large batch alone has swaps: none of its statements is among them.
    expect(rows.filter(({ statement }) => statement.includes('swap_legs'))).toEqual([]);
  });

  it('a notification after the commit says which ledger was brought forward', async () => {
    const listener = new pg.Client(db.url);
    await listener.connect();
    await listener.query('LISTEN lading_applied');
    const told = new Promise<string | undefined>((resolve) => {
      listener.on('notification', ({ payload }) => {
        resolve(payload);
      });
    });
    await db.apply(events);
    expect(await told).toBe('nvidia');
    await listener.end();
  });

  it('the hint of a batch is stored with its position, and handed back as it is', async () => {
    const hint = { partition: 2, offset: '4711', log: 'log-1' };
    await db.models.apply('nvidia', events.slice(0, 5).map(fed), hint);
    expect(await db.models.hints()).toEqual([hint]);
    await db.models.apply('nvidia', events.slice(6).map(fed), { ...hint, offset: '9999' });
    expect(await db.models.hints()).toEqual([hint]);
  });

  it('the status of the projector says how far it is in each ledger of the journal', async () => {
    await db.pool.query(`INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ('nvidia', ${head}, now())`);
    await insertEvent(db, events[0]!);
    await db.apply(events);
    expect(await projectionStatus(db.pool)).toMatchObject([
      { ledger: 'nvidia', version: 1, sequence: head, head, lagEvents: 0, lagSeconds: 0, state: 'live' },
    ]);
  });

  it('the status of the projector says for how long the next event has been waiting, and why a ledger stands still', async () => {
    await db.pool.query(`INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ('nvidia', ${head}, now())`);
    await insertEvent(db, events[5]!);
    await db.pool.query(`UPDATE journal.events SET recorded = now() - interval '1 minute'`);
    await db.apply(events.slice(0, 5));
    const [behind] = await projectionStatus(db.pool);
    expect(behind).toMatchObject({ sequence: 5, head, lagEvents: head - 5, state: 'catching-up' });
    expect(behind?.lagSeconds).toBeGreaterThan(59);

    await db.models.stopAtHole('nvidia', 5, 7);
    const reason = 'event 6 is missing; the next one there is 7';
    expect(await projectionStatus(db.pool)).toMatchObject([{ sequence: 5, state: 'hole', reason }]);
  });

  it('a version that is dropped while the status is read is left out of the status', async () => {
    await db.pool.query(`INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ('nvidia', 1, now())`);
    const version = await startVersion(db.pool);
    await db.pool.query(`DROP SCHEMA rm_${version} CASCADE`);
    expect(await projectionStatus(db.pool)).toMatchObject([{ ledger: 'nvidia', version: 1 }]);
  });
});

async function insertEvent({ pool }: FreshReadModels, event: LedgerEvent): Promise<void> {
  const { bytes } = fed(event);
  const zero = Buffer.alloc(32);
  await pool.query(
    `INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)`,
    [
      event.ledger,
      event.sequence,
      event.time,
      event.recordedtime,
      event.source,
      event.id,
      event.type,
      event.subject,
      zero,
      bytes,
    ],
  );
}

/** Until somebody waits for a lock. */
async function waiting(pool: pg.Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    if (rows.length > 0) return;
  }
}

async function expectSameAsFresh(db: FreshReadModels, events: readonly LedgerEvent[]): Promise<void> {
  const version = await startVersion(db.pool);
  await applyAll(new ReadModels(db.pool, version), events);
  expect(await rowsOf(db.pool, 1)).toEqual(await rowsOf(db.pool, version));
}
