import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { FileFeed } from '#feed/file';
import { JournalFeed } from '#feed/journal';
import { appliedSequence } from '#projections/reading/readModel';
import { rebuild } from '#projections/versions/rebuild';
import { ensureActive } from '#projections/versions/versions';
import { Dice } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { manyEvents } from '#test/projections/manyEvents';
import { record } from '#test/projections/recorded';
import { ADMIN_KEY, LEDGER, type QueryService, startQuery } from '#test/setup/startQuery';
import { seed } from '#test/setup/seed';

const BOOK = 'always';
const L = `/v1/ledgers/${BOOK}`;
const STEPS = 90;
const MORE = 1_000;

const LISTS = [
  ...['holdings', 'holdings?accounts=all', 'holdings?groupBy=owner,item,stage', 'holdings?owner=tesla'],
  ...['holdings?groupBy=order,line', 'holdings?accounts=all&groupBy=item,custodian', 'holdings/postings?item=H100'],
  ...['holdings/diff?from-known=30', 'holdings/diff?from-at=2024-01-06&groupBy=owner,item,stage'],
  ...['holdings/history?item=H100', 'holdings/history?axis=known&by=week&owner=tesla', 'holdings/lineage?item=H100'],
  ...['swaps/SW-0/history', 'swaps/SW-0/history?axis=known', 'swaps/SW-0/history?by=month'],
  ...['orders', 'orders?owner=x', 'orders?late=true', 'shipments', 'swaps', 'swaps?party=tesla', 'holds', 'available'],
  ...['parties', 'items', 'items/H100/queue', 'items/D1/queue', 'items/H100/supply', 'units', 'flags', 'activity'],
  ...['activity?every=7', 'activity/reasons', 'parties/tesla/tenure', 'events'],
];
/** Of these, none depends on the clock. */
const AT_THE_HEAD = [
  ...['holdings?accounts=all', 'holdings?groupBy=owner,item,stage', 'holdings/postings?item=H100'],
  ...['holdings/lineage?item=H100', 'orders', 'shipments', 'holds', 'items', 'items/H100/supply', 'units'],
  ...['activity', 'events'],
];
const THINGS = ['orders/PO-0', 'orders/PO-1', 'shipments/S-0', 'swaps/SW-0', 'parties/tesla', 'items/H100', 'units/n3'];

/** Numbers by chance that a seed decides. */
function* chance(from: number): Generator<number, never> {
  for (let x = from % 2_147_483_647 || 1; ; ) yield (x = (x * 48_271) % 2_147_483_647) % 10_000;
}

describe('what was answered as of a moment', () => {
  let query: QueryService;
  const rolls = chance(seed);
  const history = new History();
  const told = (): LedgerEvent[] => history.ledger.events.map((event) => ({ ...event, ledger: BOOK }));
  const answers = new Map<string, string>();

  /** Events of a history of random facts, late ones and such as are taken back among them, until there are so many. */
  function happen(steps: number, late: number, voids: number): void {
    for (let step = 0; step < steps; step++) {
      const dice = new Dice(Array.from({ length: 20 }, () => rolls.next().value));
      history.goesOn(dice, dice.chance(60) ? 0 : dice.roll(late), voids);
    }
  }

  async function write(events: readonly LedgerEvent[]): Promise<void> {
    await record(query.pool, events);
    const { sequence, recordedtime } = events.at(-1)!;
    await query.pool.query(
      `INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, $2, $3)
       ON CONFLICT (ledger) DO UPDATE SET sequence = excluded.sequence, recorded = excluded.recorded`,
      [BOOK, sequence, recordedtime],
    );
    await query.pool.query(`SELECT pg_notify('lading_events', $1)`, [BOOK]);
    while ((await appliedSequence(query.pool, BOOK)) < sequence) await sleep(5);
  }

  /** @returns the sequence of the last event */
  async function atomically(events: readonly object[]): Promise<number> {
    const body = JSON.stringify(events.map((event) => ({ specversion: '1.0', ...event })));
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/cloudevents-batch+json' };
    const answer = await fetch(`${query.url}/v1/ledgers/${LEDGER}/events?atomic=true`, {
      method: 'POST',
      headers,
      body,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    const { results } = JSON.parse(text) as { results: readonly { sequence: number }[] };
    return results.at(-1)!.sequence;
  }

  const ask = async (route: string) => {
    const { status, bytes, body } = await query.get(`${L}/${route}`);
    return { said: `${status} ${bytes.toString()}`, body, status };
  };
  /** All of them, or every so many. */
  const askAgain = async (each = 1) => {
    for (const [at, [route, said]] of [...answers].entries())
      if (at % each === 0) expect([seed, route, (await ask(route)).said]).toEqual([seed, route, said]);
  };

  beforeAll(async () => {
    query = await startQuery();
    happen(STEPS, 20, 6);
    await write(told());
  });
  afterAll(() => query.stop());

  it('is, in every list, the same page by page as at once', async () => {
    const events = told();
    for (let n = 0; n < 2; n++) {
      const known = Math.ceil(events.length * (0.4 + 0.6 * n));
      const { time } = events[10 + (rolls.next().value % (events.length - 10))]!;
      const moment = `at=${encodeURIComponent(time)}&known=${known}`;
      const path = (route: string, rest = '') => `${route}${route.includes('?') ? '&' : '?'}${moment}${rest}`;
      for (const route of THINGS) answers.set(path(route), (await ask(path(route))).said);
      for (const route of LISTS) {
        const whole = await ask(path(route, '&limit=1000'));
        answers.set(path(route, '&limit=1000'), whole.said);
        // What there was not yet is no page.
        if (n > 0 || whole.status === 404) continue;
        expect([route, whole.status, whole.body.next]).toEqual([route, 200, null]);
        const limit = Math.max(1, Math.ceil(whole.body.data.length / 2));
        const found: unknown[] = [];
        for (let cursor = ''; ; ) {
          const one = path(route, `&limit=${limit}${cursor}`);
          const page = await ask(one);
          answers.set(one, page.said);
          found.push(...page.body.data);
          if (page.body.next === null) break;
          cursor = `&cursor=${encodeURIComponent(page.body.next)}`;
        }
        expect([seed, route, found]).toEqual([seed, route, whole.body.data]);
      }
    }
    // Asked at the head these are what there is now, and later what there was.
    for (const route of AT_THE_HEAD) {
      const path = `${route}${route.includes('?') ? '&' : '?'}known=${events.length}&limit=1000`;
      answers.set(path, (await ask(path)).said);
    }
    expect(answers.size).toBeGreaterThan(100);
  });

  it('is the same, byte for byte with both bounds, after 1,000 more events, backdated ones and voids among them', async () => {
    const before = history.ledger.events.length;
    happen(100, 80, 15);
    const own = told().slice(before);
    expect(own.filter(({ type }) => type === 'lading.event.voided.v1').length).toBeGreaterThan(0);
    // The rest are of other orders, and occurred a year before: all of them late.
    const head = before + own.length;
    const others = [...manyEvents(MORE + 1, 100)].slice(1).map((event, at): LedgerEvent => {
      const text = JSON.stringify(event).replaceAll(/"(PO|S|SW|RA)-/g, '"M$1-');
      return {
        ...(JSON.parse(text) as LedgerEvent),
        ledger: BOOK,
        sequence: head + at + 1,
        recordedtime: own.at(-1)!.recordedtime,
      };
    });
    await write([...own, ...others]);
    await askAgain();
  });

  it('is the same of an order and its units where only what was known is given, whatever was taken back before', async () => {
    const names = { nvidia: 'supplier', tesla: 'customer', x: 'customer', dhl: 'carrier' } as const;
    for (const [party, role] of Object.entries(names))
      await query.submit('lading.party.registered.v1', { party, name: party, roles: [role] });
    await query.submit('lading.item.registered.v1', { item: 'H100', name: 'H100', tracking: 'quantity' });
    const [order, line, owner] = ['PO-1', '1', 'tesla'];
    const window = { from: '2023-12-01', to: '2023-12-31' };
    const lines = [{ line, item: 'H100', quantity: 1_000, window }];
    await query.submit('lading.order.placed.v1', { order, buyer: owner, supplier: 'nvidia', lines });
    const sent = { shipment: 'S-1', consignee: owner, carrier: 'dhl', lines: [{ order, line, quantity: 1_000 }] };
    await query.submit('lading.shipment.dispatched.v1', sent);
    await query.submit('lading.shipment.received.v1', {
      shipment: 'S-1',
      by: owner,
      lines: [{ order, line, received: 1_000, damaged: 0, surplus: 0 }],
    });
    const lent = { from: owner, to: 'x', lines: [{ order, line, owner, quantity: 100 }] };
    const sequence = await query.submit('lading.custody.transferred.v1', lent);
    const burnt = {
      custodian: owner,
      lines: [{ order, line, owner, quantity: 2, to: 'damaged' as const }],
      reason: 'Fire',
    };
    await query.submit('lading.units.condition_changed.v1', burnt);
    const [source, time, id] = ['urn:test', '2023-12-01T09:00:00Z', 'corrected'];
    const head = await atomically([
      {
        type: 'lading.event.voided.v1',
        id: 'taken-back',
        source,
        time,
        data: { sequence, reason: 'incorrect_data', corrections: [{ source, id }] },
      },
      { type: 'lading.custody.transferred.v1', id, source, time, data: lent },
    ]);
    const asked = async () => {
      const routes = ['orders/PO-1', 'orders', 'holdings'];
      const answers = routes.map((route) => query.get(`/v1/ledgers/${LEDGER}/${route}?known=${head}`));
      return (await Promise.all(answers)).map(({ body }) => body);
    };
    const before = await asked();
    const last = await query.submit('lading.custody.transferred.v1', lent);
    while ((await appliedSequence(query.pool, LEDGER)) < last) await sleep(5);
    expect(await asked()).toEqual(before);
  });

  it.each(['the journal', 'a file'] as const)(
    'is the same from read models that were built anew from %s',
    async (from) => {
      await query.stopProjecting();
      const folder = await mkdtemp(join(tmpdir(), 'lading-always-'));
      const file = join(folder, 'export.ndjson');
      const { rows } = await query.pool.query<{ bytes: Buffer }>(
        'SELECT bytes FROM journal.events ORDER BY ledger, sequence',
      );
      await writeFile(file, rows.map(({ bytes }) => `${bytes.toString()}\n`).join(''));
      const feed = () =>
        from === 'a file' ? new FileFeed({ file }) : new JournalFeed({ pool: query.pool, url: query.databaseUrl });
      const before = await ensureActive(query.pool);
      const { version } = await rebuild({ pool: query.pool, feeds: [feed], patience: 0 });
      expect(await ensureActive(query.pool)).toBe(version);
      expect(version).toBeGreaterThan(before);
      await rm(folder, { recursive: true });
      await askAgain(4);
    },
  );
});
