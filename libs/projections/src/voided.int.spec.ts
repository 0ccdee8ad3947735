import { afterAll, describe, it } from 'vitest';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { Dice, happens } from '#test/ledger/happenings';
import { History, same } from '#test/ledger/history';
import { standingEvents, takeBackWithAll } from '#test/ledger/takenBack';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { seed } from '#test/setup/seed';
import { schemaOfVersion } from './versions/versions.ts';

const HISTORIES = Number(process.env.LADING_HISTORIES ?? 2);

/** Numbers by chance that a seed decides. */
function* chance(from: number): Generator<number, never> {
  for (let x = from % 2_147_483_647 || 1; ; ) yield (x = (x * 48_271) % 2_147_483_647) % 10_000;
}

/** What each table says by what stands. Numbers of accounts and sequences of voids are not what it says. */
const SAYS: Readonly<Record<string, string>> = {
  orders: 'SELECT "order", buyer, supplier, placed, sequence FROM orders',
  order_lines:
    'SELECT "order", line, item, quantity, cancelled, due_first, window_from, window_to, promise FROM order_lines',
  queue:
    'SELECT "order", line, owner, item, due_from, due_to, placed, ordered, in_transit, held, damaged, waiting FROM queue WHERE (ordered, in_transit, held, damaged) <> (0, 0, 0, 0)',
  promises: 'SELECT * FROM promises',
  holdings:
    'SELECT owner, custodian, item, "order", line, stage, shipment, sum(quantity), bool_or(open) FROM holdings WHERE quantity <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7',
  holding_totals: 'SELECT owner, item, stage, custodian, quantity FROM holding_totals WHERE quantity <> 0',
  postings:
    'SELECT h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment, p.occurred, sum(p.quantity) FROM postings p JOIN holdings h USING (ledger, account) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(p.quantity) <> 0',
  units:
    'SELECT u.item, u.prefix, u.digits, n, h.owner, h.custodian, h."order", h.line, h.stage, h.shipment FROM units u JOIN holdings h USING (ledger, account), generate_series(u.first, u.last) n',
  parties: `SELECT * FROM parties WHERE party <> 'nobody-yet'`,
  items: 'SELECT * FROM items',
  shipments: 'SELECT * FROM shipments',
  shipment_lines:
    'SELECT * FROM shipment_lines WHERE (advised, received, damaged, surplus, lost, refused, in_transit) <> (0, 0, 0, 0, 0, 0, 0)',
  swaps: 'SELECT * FROM swaps',
  swap_legs: 'SELECT * FROM swap_legs',
  swap_counts: 'SELECT * FROM swap_counts',
  holds: 'SELECT * FROM holds',
  held_lines: 'SELECT * FROM held_lines',
  commitments: 'SELECT * FROM commitments',
  substitutes:
    'SELECT "order", line, item, for_order, for_line, for_item, sum(quantity) FROM substitutes GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(quantity) <> 0',
  transfers: 'SELECT * FROM transfers',
  flags: `SELECT sequence, rule, parties, item, events FROM flags WHERE rule NOT IN ('negative-past-balance', 'related-party')`,
  reasons: `SELECT * FROM reasons`,
};

async function said({ pool, models }: FreshReadModels): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const [name, sql] of Object.entries(SAYS)) {
    const { rows } = await pool
      .query<{ row: string }>(
        `SET search_path TO ${schemaOfVersion(models.version)}; SELECT t::text AS row FROM (${sql}) t ORDER BY t::text COLLATE "C"`,
      )
      .then((results) => (Array.isArray(results) ? results[1] : results) as { rows: { row: string }[] });
    found[name] = rows.map(({ row }) => row);
  }
  return found;
}

describe('the read models of a ledger in which facts were taken back', () => {
  const open: FreshReadModels[] = [];
  afterAll(async () => {
    await Promise.all(open.map((db) => db.drop()));
  });

  it('void, then look: the read models say what they would say if neither the fact nor its void had ever been told', async () => {
    for (let n = 0; n < HISTORIES; n++) {
      const rolls = chance(seed + n);
      const history = new History();
      for (let step = 0; step < 45; step++) {
        const dice = new Dice(Array.from({ length: 20 }, () => rolls.next().value));
        history.happens(happens(dice, history.model), dice.chance(75) ? 0 : dice.roll(12));
      }
      const { ledger } = history;
      const many = ledger.events.length;
      for (let times = 0; times < 4; times++) {
        const event = ledger.events[many - 1 - (rolls.next().value % Math.min(many - 8, 35))]!;
        takeBackWithAll(ledger, event.sequence, new Date(history.model.now.getTime() + 1_000));
      }
      const [whole, standing] = await Promise.all([freshReadModels(), freshReadModels()]);
      open.push(whole, standing);
      await whole.apply(ledger.events, 1 + (rolls.next().value % 20));
      const stands = new Set(standingEvents(ledger.events).map(({ sequence }) => sequence));
      await standing.apply(ledger.events.map((one) => (stands.has(one.sequence) ? one : filler(one))));
      const [is, expected] = [await said(whole), await said(standing)];
      for (const name of Object.keys(SAYS))
        same(
          `${name} (LADING_SEED=${seed + n})`,
          difference(is[name]!, expected[name]!),
          { more: [], less: [] },
          told(ledger.events),
        );
    }
  });
});

const difference = (is: readonly string[], expected: readonly string[]) => ({
  more: is.filter((row) => !expected.includes(row)),
  less: expected.filter((row) => !is.includes(row)),
});

const told = (events: readonly LedgerEvent[]) =>
  events.flatMap(({ type, sequence, data }) =>
    type === 'lading.event.voided.v1' ? [`${sequence} voids ${data.sequence} ${data.voided?.type ?? ''}`] : [],
  );

/** In the place of what was taken back: somebody who has nothing to do with anything. */
const filler = (event: LedgerEvent): LedgerEvent => ({
  ...event,
  type: 'lading.party.registered.v1',
  subject: 'party/nobody-yet',
  data: { party: 'nobody-yet', name: 'Nobody', roles: ['customer'] },
});
