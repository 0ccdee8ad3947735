import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { request } from 'node:http';
import { dryRunLimits } from '#journal/dryRun';
import { readEvents } from '#journal/reader';
import { cast, type Told } from '#test/ledger/facts';
import { Dice, happens } from '#test/ledger/happenings';
import { History } from '#test/ledger/history';
import { seed } from '#test/setup/seed';
import {
  ADMIN,
  BATCH,
  CLOUD_EVENT,
  event,
  intakeDatabase,
  NDJSON,
  order,
  reassigned,
  startWritingApp,
  type WritingApp,
} from '#test/intake/writingApp';

let app: WritingApp;

beforeAll(async () => {
  app = await startWritingApp(await intakeDatabase());
  await app.open();
});
afterAll(() => app.close());

const EVENTS = '/v1/ledgers/nvidia/events';
const submit = (body: unknown, type: string, query: string) =>
  app.send('POST', `${EVENTS}${query}`, body, { 'content-type': type });

/** Everything that a ledger keeps. */
const everything = async (): Promise<unknown> => {
  const tables = ['events', 'event_entities', 'units', 'ledgers', 'snapshots'];
  const counts = await Promise.all(
    tables.map(
      async (table) =>
        (await app.pool.query<{ t: string }>(`SELECT t::text FROM journal.${table} AS t ORDER BY 1`)).rows,
    ),
  );
  return counts;
};

/** The lines of an answer, those of a dry run without when it would have been recorded. */
const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a dry run', () => {
  it.each([
    ['one event', CLOUD_EVENT, () => order()],
    ['a batch', BATCH, () => [order(), order()]],
    ['an atomic batch', BATCH, () => [order(), order()]],
    ['a stream', NDJSON, () => `${JSON.stringify(order())}\n${JSON.stringify(order())}\n`],
  ])(
    'answers about %s as if it were submitted, with the completed events, and keeps nothing',
    async (name, type, make) => {
      const before = await everything();
      const body = make();
      const query = name === 'an atomic batch' ? '?atomic=true&' : '?';
      const tried = await submit(body, type, `${query}dry-run=true`);
      const again = await submit(body, type, `${query}dry-run=true`);
      expect(await everything()).toEqual(before);
      expect(tried.headers.get('lading-dry-run')).toBe('true');
      expect(tried.headers.get('lading-sequence')).toBeNull();

      const head = await app.head();
      const kept = await submit(body, type, `${query}dry-run=false`);
      expect(kept.headers.get('lading-dry-run')).toBeNull();
      expect([tried.status, again.status]).toEqual([kept.status, kept.status]);
      const bytes = (await readEvents(app.pool, 'nvidia', head, 10)).map(
        (one) => JSON.parse(String(one.bytes)) as object,
      );
      const shown = eventsIn(type, tried.body);
      expect(shown.map(withoutTime)).toEqual(bytes.map(withoutTime));
      expect(resultsOf(type, tried.body)).toEqual(resultsOf(type, kept.body));
    },
  );

  it('answers about a plain route in the same way', async () => {
    const name = `PO-plain-${seed}`;
    await app.submit(order({}, { name }));
    const before = await everything();
    const path = '/v1/ledgers/nvidia/reallocations?dry-run=true';
    const answer = await app.send('POST', path, reassigned('tesla', 'x', name, 7), { 'idempotency-key': name });
    expect(answer).toMatchObject({
      status: 201,
      body: { event: { data: { moves: [{ quantity: 7, to: { owner: 'x' } }] } } },
    });
    expect(await everything()).toEqual(before);
  });

  it('skips no check: rights, form, rules, ids and If-Match are answered as for a submission', async () => {
    const there = order();
    await app.submit(there);
    const reader = await app.keyed({ roles: ['shipments:write'], sources: ['urn:other'] });
    const tries: [unknown, Record<string, string>][] = [
      [there, {}],
      [{ ...there, data: order().data }, {}],
      [{ ...order(), id: undefined }, {}],
      [order({}, { buyer: 'nobody' }), {}],
      [order({}, { name: (there.data as { order: string }).order }), {}],
      [order(), reader],
      [order(), { authorization: 'Bearer lading_wrong' }],
      [
        event('lading.order.line_changed.v1', {
          order: (there.data as { order: string }).order,
          line: '1',
          initiator: 'buyer',
          quantity: 5,
        }),
        { 'if-match': '"1"' },
      ],
    ];
    for (const [body, headers] of tries) {
      const tried = await app.send('POST', `${EVENTS}?dry-run=true`, body, { 'content-type': CLOUD_EVENT, ...headers });
      const kept = await app.submit(body, headers);
      const { instance: _, ...said } = tried.body;
      const { instance: __, ...expected } = kept.body;
      expect({ status: tried.status, said }).toEqual({ status: kept.status, said: expected });
    }
  });

  it('tries each event on what those before it would leave, serial numbers too, whatever happens', async () => {
    const steps = fc.noBias(
      fc.array(fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 }), { minLength: 40, maxLength: 60 }),
    );
    let ledger = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (rolls) => {
        const to = `dry-${seed}-${++ledger}`;
        await app.send('PUT', `/v1/ledgers/${to}`, { name: to, keeper: 'nvidia' });
        const history = new History();
        const told: Told[] = [...cast];
        for (const roll of rolls) {
          const next = happens(new Dice(roll), history.model);
          told.push(next);
          history.happens(next);
        }
        const lines = told.map(({ type, data }) => JSON.stringify(event(type, data, { time: '2024-01-01T00:00:00Z' })));
        const half = Math.floor(lines.length / 2);
        const stream = async (some: string[], query: string) =>
          linesOf(
            String(
              (await app.send('POST', `/v1/ledgers/${to}/events${query}`, some.join('\n'), { 'content-type': NDJSON }))
                .body.text,
            ),
          );
        await stream(lines.slice(0, half), '');
        const head = await app.head(to);
        const tried = await stream(lines.slice(half), '?dry-run=true');
        expect(await app.head(to)).toBe(head);
        const kept = await stream(lines.slice(half), '');
        expect(tried.map(({ event: _, ...rest }) => withoutTime(rest))).toEqual(kept.map(withoutTime));
        const events = (await readEvents(app.pool, to, head, 1_000)).map(
          ({ bytes }) => JSON.parse(String(bytes)) as object,
        );
        expect(tried.flatMap((line) => (line.event === undefined ? [] : [withoutTime(line.event as object)]))).toEqual(
          events.map(withoutTime),
        );
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it('holds nobody up: while one is open, others record events of the same ledger', async () => {
    const open = await openStream(order());
    const first = await open.next();
    expect(first).toMatchObject({ status: 201 });
    expect(await app.submit(order())).toMatchObject({ status: 201 });
    open.write(order());
    // What others record meanwhile is not seen, and the numbers go on from where the dry run began.
    expect(await open.next()).toMatchObject({ status: 201, sequence: Number(first.sequence) + 1 });
    await open.end();
  });

  it('comes at once after another, as often as anybody likes', async () => {
    const open = await openStream(order());
    await open.next();
    for (let n = 0; n < 30; n++)
      expect(await submit(order(), CLOUD_EVENT, '?dry-run=true')).toMatchObject({ status: 201 });
    await open.end();
  });

  it('is told to come back while as many dry runs are open as may be', async () => {
    const open = await Promise.all(Array.from({ length: dryRunLimits.atOnce }, () => openStream(order())));
    await Promise.all(open.map((one) => one.next()));
    const refused = await submit(order(), CLOUD_EVENT, '?dry-run=true');
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable', reason: 'busy' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await app.submit(order())).toMatchObject({ status: 201 });
    await Promise.all(open.map((one) => one.end()));
    expect(await submit(order(), CLOUD_EVENT, '?dry-run=true')).toMatchObject({ status: 201 });
  });
});

/** What follows from the moment at which something is recorded. */
const CLOCK = new Set(['recordedtime', 'until', 'now']);
const withoutTime = (said: object): object =>
  JSON.parse(
    JSON.stringify(said, (key, value: unknown) => {
      if (key === 'detail' && typeof value === 'string') return value.replaceAll(/\d{4}-[\d-]+T[\d:.]+Z/g, 'a moment');
      return CLOCK.has(key) ? undefined : value;
    }),
  ) as object;

type Body = Readonly<Record<string, unknown>>;
const results = (type: string, body: Body): Body[] =>
  type === NDJSON ? linesOf(String(body.text)) : ((body.results as Body[] | undefined) ?? [body]);
const eventsIn = (type: string, body: Body): object[] => results(type, body).map((one) => one.event as object);
const resultsOf = (type: string, body: Body): object[] =>
  results(type, body).map(({ event: _, recordedtime: __, ...rest }) => rest);

/** A dry run of a stream that stays open. */
async function openStream(first: unknown) {
  const sent = request(`${app.base}${EVENTS}?dry-run=true`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': NDJSON },
  });
  const write = (one: unknown): void => void sent.write(`${JSON.stringify(one)}\n`);
  write(first);
  const answer = await new Promise<AsyncIterable<Buffer>>((resolve) => sent.on('response', resolve));
  const chunks = answer[Symbol.asyncIterator]();
  return {
    write,
    next: async () => linesOf(String((await chunks.next()).value))[0]!,
    end: async () => {
      sent.end();
      while (!(await chunks.next()).done);
    },
  };
}
