import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LineageRow } from '#contracts/lineageRows';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { migrate } from '#platform/database/migrate';
import type { Page } from '#projections/reading/page';
import { accepted, dispatched, executed, placed, proposed, received, tell } from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { record } from '#test/projections/recorded';
import { lineage } from './lineage.ts';
import { partyTenure } from './tenure.ts';

const times = (n: number) => Array.from({ length: n }, (_, at) => at);

let made = 0;
function reassign(
  story: Story,
  order: string,
  quantity: number,
  [from, to]: readonly [string, string],
  rest = {},
  time?: string,
) {
  const lines = [{ order, line: '1', quantity }];
  story.take(
    tell('reallocation.made', { reallocation: `RA-${++made}`, kind: 'reassigned', from, to, lines, ...rest }),
    time,
  );
}
/** X gives all of its units to Tesla, and Tesla gives them to X, and so on. */
function toAndFro(story: Story, order: string, quantity: number, count: number, rest = {}) {
  for (const n of times(count)) reassign(story, order, quantity, n % 2 === 0 ? ['x', 'tesla'] : ['tesla', 'x'], rest);
}
/** X gets units one by one: each has a way of its own. */
function oneByOne(story: Story, order: string, count: number) {
  story.take(placed(order, 'tesla', count));
  for (const _ of times(count)) reassign(story, order, 1, ['tesla', 'x']);
}

const largeEvidence = times(20).map((n) => ({ kind: 'memo', uri: `https://example.com/${'a'.repeat(900)}${n}` }));

/** A ledger with an order for each thing of which an answer has only so many. */
const STORIES: Readonly<Record<string, (story: Story, order: string) => void>> = {
  'the steps of a way': (story, order) => {
    story.take(placed(order, 'x', 1));
    toAndFro(story, order, 1, 250);
  },
  branches: (story, order) => {
    oneByOne(story, order, 501);
  },
  E: (story, order) => {
    oneByOne(story, order, 60);
    const units = { order, line: '1' };
    story.take(dispatched('S', [{ ...units, quantity: 60 }], { consignee: 'x' }));
    story.take(received('S', 'x', [{ ...units, received: 60 }]));
    for (const n of times(88)) {
      const [from, to] = n % 2 === 0 ? ['x', 'xai'] : ['xai', 'x'];
      story.take(tell('custody.transferred', { from, to, lines: [{ ...units, quantity: 60 }] }));
    }
  },
  swaps: (story, order) => {
    story.take(placed(order, 'tesla', 201));
    story.take(placed('IN RETURN', 'x', 201));
    for (const n of times(201)) {
      const leg = { line: '1', quantity: 1 };
      const legs = [
        { ...leg, from: 'tesla', to: 'x', order },
        { ...leg, from: 'x', to: 'tesla', order: 'IN RETURN' },
      ];
      for (const told of [proposed(`SW-${n}`, 'x', legs), accepted(`SW-${n}`, 'tesla'), executed(`SW-${n}`, 'x')])
        story.take(told);
    }
  },
  bytes: (story, order) => {
    oneByOne(story, order, 3);
    toAndFro(story, order, 3, 40, { evidence: largeEvidence });
  },
  'steps that are kept': (story, order) => {
    oneByOne(story, order, 400);
    toAndFro(story, order, 400, 250);
  },
  events: (story, order) => {
    story.take(placed(order, 'x', 1, 1));
    toAndFro(story, order, 1, 5_000);
    // In the stream of the order, these stand behind more events than are looked at.
    reassign(story, order, 1, ['x', 'tesla'], {}, '2023-11-01T00:00:00Z');
    reassign(story, order, 1, ['tesla', 'x'], {}, '2023-11-02T00:00:00Z');
    const window = { from: '2024-01-01', to: '2024-01-31' };
    story.take(tell('order.confirmed', { order, lines: [{ line: '2', code: 'changed', window }] }));
  },
  // Of 65,535 bytes each, so many events are 32 MB, and one more is beyond.
  '488 large events': (story, order) => {
    story.take(placed(order, 'x', 1));
    toAndFro(story, order, 1, 487);
  },
  '489 large events': (story, order) => {
    story.take(placed(order, 'x', 1, 1));
    toAndFro(story, order, 1, 488);
  },
  rounds: (story, order) => {
    for (const n of times(6)) {
      const units = { order: `${order} ${n}`, line: '1', quantity: 1, serials: ['A1'] };
      story.take(placed(units.order, 'tesla', { quantity: 1, item: 'D1' }));
      story.take(dispatched(`S-${n}`, [units]));
      story.take(received(`S-${n}`, 'tesla', [{ order: units.order, line: '1', received: 1 }]));
      story.take(tell('units.returned', { return: `R-${n}`, from: 'tesla', to: 'nvidia', lines: [units] }));
    }
  },
};

describe('what is left out of where units came from is said to be (`partial`)', () => {
  let db: FreshReadModels;
  beforeAll(async () => {
    const story = given();
    for (const [order, tell] of Object.entries(STORIES)) tell(story, order);

    db = await freshReadModels();
    await migrate(db.url, journalMigrations);
    await record(db.pool, story.ledger.events);
    await db.pool.query(
      `UPDATE journal.events AS e SET bytes = e.bytes || convert_to(repeat(' ', 65535 - octet_length(e.bytes)), 'UTF8')
         FROM journal.event_entities AS s
        WHERE s.ledger = e.ledger AND s.sequence = e.sequence AND s.entity LIKE 'order/48_ large events'`,
    );

    await db.apply(story.ledger.events, 500);
  });
  afterAll(() => db.drop());

  const ask = (query: Parameters<typeof lineage>[1]): Promise<Page<LineageRow>> =>
    db.read((model) => lineage(model, query));
  /** All that X has of the order's first line. */
  const xs = async (order: string): Promise<LineageRow> => {
    const { data, next } = await ask({ owner: 'x', order, line: '1' });
    expect([data.length, next]).toEqual([1, null]);
    return data[0]!;
  };
  const partials = ({ branches }: LineageRow) => branches.map(({ partial }) => partial);

  it('a way of more than 200 steps has its first 20 and its last ones', async () => {
    const row = await xs('the steps of a way');
    expect([row.partial, partials(row)]).toEqual([undefined, [true]]);
    const steps = row.branches[0]!.steps.map(({ sequence }) => sequence);
    const first = steps[0]!;
    const all = times(251).map((n) => first + n);
    expect(steps).toEqual([...all.slice(0, 20), ...all.slice(-180)]);
  });

  it('an account of more than 500 branches has the first of them', async () => {
    const row = await xs('branches');
    expect([row.quantity, row.partial, row.branches.length]).toEqual([501, true, 500]);
    expect(new Set(partials(row))).toEqual(new Set([undefined]));
  });

  it('branches of more than 5,000 steps together are as many as have no more', async () => {
    const row = await xs('E');
    expect([row.quantity, row.partial]).toEqual([60, true]);
    expect(row.branches.map(({ steps }) => steps.length)).toEqual(times(Math.floor(5_000 / 92)).map(() => 92));
  });

  it('of more than 200 swaps the terms of the first are named, and the ways over the others are partial', async () => {
    const row = await xs('swaps');
    const terms = row.branches.map(({ partial, steps }) => [partial, steps[1]?.agreement?.swap]);
    expect(terms).toEqual([...times(200).map((n) => [undefined, `SW-${n}`]), [true, undefined]]);
  });

  it('of ways of more than 2 MB there are the first', async () => {
    const row = await xs('bytes');
    expect([row.quantity, row.partial, row.branches.length]).toEqual([3, true, 2]);
    expect(new Set(partials(row))).toEqual(new Set([undefined]));
  });

  it('a line of more than 5,000 events, or of more steps than are kept, has no ways, and the next page goes on behind it', async () => {
    expect(await xs('steps that are kept')).toMatchObject({ quantity: 400, partial: true, branches: [] });
    const first = await ask({ order: 'events' });
    expect(first.data).toMatchObject([{ line: '1', quantity: 1, partial: true, branches: [] }]);
    const { data, next } = await ask({ order: 'events', cursor: first.next ?? undefined });
    expect([data.map(({ line, branches }) => [line, branches.length]), next]).toEqual([[['2', 1]], null]);
  });

  it('a line whose events have more than 32 MB has no ways, and the next page goes on behind it', async () => {
    const whole = await ask({ order: '488 large events' });
    expect(whole.data.map(({ partial, branches }) => [partial, branches.length])).toEqual([[undefined, 1]]);
    const first = await ask({ order: '489 large events' });
    expect(first.data).toMatchObject([{ line: '1', quantity: 1, partial: true, branches: [] }]);
    const { data, next } = await ask({ order: '489 large events', cursor: first.next ?? undefined });
    expect([data.map(({ line, branches }) => [line, branches.length]), next]).toEqual([[['2', 1]], null]);
  });

  it('what was said of a line behind more than 5,000 events of its order', async () => {
    const { data } = await ask({ order: 'events', line: '2' });
    expect(data.map(partials)).toEqual([[true]]);
  });

  it('what a party had of an order of more than 5,000 events is refused at every moment, also at one before which few of them occurred', async () => {
    for (const at of [undefined, '2023-11-30T00:00:00.000000Z'])
      await expect(
        db.read((model) => partyTenure({ ...model, asOf: { ...model.asOf, at } }, { order: 'events' }, 'x')),
      ).rejects.toMatchObject({ status: 400, message: expect.stringContaining('more than 5,000 events') });
  });

  it('a unit that came back more often than it is followed', async () => {
    for (const query of [{ order: 'rounds 5', accounts: 'all' as const }, { serial: 'A1' }]) {
      const { data } = await ask(query);
      expect(data.filter(({ stage }) => stage === 'returned').map(partials)).toEqual([[true]]);
    }
    const { data } = await ask({ order: 'rounds 3', accounts: 'all' });
    expect(data.flatMap(partials).filter((partial) => partial)).toEqual([]);
  });
});
