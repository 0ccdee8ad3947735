import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerRow, StatusRow } from '#contracts/statusRows';
import { startVersion } from '#projections/versions/versions';
import { type QueryService, startQuery } from '#test/setup/startQuery';

let query: QueryService;
beforeAll(async () => {
  query = await startQuery();
  await query.play('memo/1-up-to-the-memo');
  await query.journal.open('second', { name: 'Second', keeper: 'nvidia' }, 'admin');
  while ((await query.get('/v1/status')).body.data.some(({ lagEvents }) => lagEvents !== 0)) await sleep(10);
});
afterAll(() => query.stop());

describe('status', () => {
  it('the status says of every consumer of every ledger how far it is', async () => {
    const { status, body } = await query.get('/v1/status');
    expect(status).toBe(200);
    expect(body.data.map((row) => StatusRow.parse(row))).toEqual(body.data);
    const { body: ledgers } = await query.get('/v1/ledgers');
    expect(body.data).toEqual(
      ['nvidia', 'second'].map((ledger) => {
        const head = ledgers.data.find((row) => row.ledger === ledger)?.sequence;
        return {
          consumer: 'projector',
          ledger,
          version: 1,
          sequence: head,
          head,
          lagEvents: 0,
          lagSeconds: 0,
          state: 'live',
        };
      }),
    );
  });

  it('the status shows a relay that does not publish, and how long its next event has been waiting', async () => {
    await query.pool.query(
      `INSERT INTO feed.relay_status (state, updated) VALUES ('publishing', now() - interval '1 hour')`,
    );
    const { body } = await query.get('/v1/status');
    const relay = body.data.find(({ consumer, ledger }) => consumer === 'relay' && ledger === 'second');
    expect(relay).toMatchObject({ version: null, sequence: 0, head: 1, lagEvents: 1, state: 'parked' });
    expect(relay?.lagSeconds).toBeGreaterThan(0);
    expect(relay?.reason).toMatch(/no relay has been publishing/);
    await query.pool.query('DELETE FROM feed.relay_status');
  });

  it('the status shows a version that is being built beside the one that answers, and a ledger that stands still with the reason', async () => {
    const version = await startVersion(query.pool);
    await query.pool.query(
      `INSERT INTO rm_${version}.positions (ledger, state, reason, since)
       VALUES ('second', 'parked', 'event 1 cannot be applied', '2024-01-01T00:00:00Z')`,
    );
    const { body } = await query.get('/v1/status');
    const built = body.data.filter((row) => row.version === version);
    expect(built).toMatchObject([
      { ledger: 'nvidia', sequence: 0, state: 'rebuilding' },
      {
        ledger: 'second',
        sequence: 0,
        state: 'parked',
        reason: 'event 1 cannot be applied',
        lagEvents: 1,
        event: { sequence: 1, id: expect.any(String), type: 'lading.ledger.opened.v1' },
        since: '2024-01-01T00:00:00.000Z',
        advice: expect.stringContaining('docs/operations.md'),
      },
    ]);
    expect(built.map((row) => StatusRow.parse(row))).toEqual(built);
  });

  it('the status shows the versions of another release, whose positions have other columns', async () => {
    const version = await startVersion(query.pool);
    await query.pool.query(
      `INSERT INTO rm_${version}.positions (ledger, state, reason) VALUES ('second', 'parked', 'of old');
       ALTER TABLE rm_${version}.positions DROP COLUMN since`,
    );
    const { status, body } = await query.get('/v1/status');
    expect(status).toBe(200);
    expect(body.data).toContainEqual(expect.objectContaining({ version, ledger: 'second', reason: 'of old' }));
  });

  it('the lists of ledgers and of status come in pages, and refuse unknown parameters', async () => {
    const first = await query.get('/v1/ledgers?limit=1');
    expect(first.body).toMatchObject({ data: [{ ledger: 'nvidia' }], next: expect.any(String) });
    const second = await query.get(`/v1/ledgers?limit=1&cursor=${String(first.body.next)}`);
    expect(second.body).toMatchObject({ data: [{ ledger: 'second' }], next: null });
    for (const route of ['ledgers?cursor=x', 'ledgers?cursor=1', `status?cursor=${String(first.body.next)}`]) {
      const { status, body } = await query.get(`/v1/${route}`);
      expect([route, status, body.errors]).toEqual([
        route,
        400,
        [{ pointer: '/cursor', detail: 'not a cursor of this list' }],
      ]);
    }
    const twice = await query.get('/v1/ledgers?limit=1&limit=2');
    expect([twice.status, (twice.body as { detail?: string }).detail]).toEqual([
      400,
      'limit: sent more than once: send it once',
    ]);
    expect((await query.get('/v1/status?at=now')).status).toBe(400);
  });
});

describe('a question to a ledger that stands still', () => {
  it('is answered from what was before, and is told at once that nothing behind the event will be seen', async () => {
    const { version, sequence } = (await query.get('/v1/status')).body.data.find((row) => row.ledger === 'second')!;
    await query.pool.query(
      `UPDATE rm_${version as number}.positions SET state = 'parked', reason = 'event 2 cannot be applied' WHERE ledger = 'second'`,
    );
    const before = await query.get('/v1/ledgers/second/holdings');
    expect([before.status, before.headers.get('lading-sequence')]).toEqual([200, String(sequence)]);
    const seen = await query.get('/v1/ledgers/second/holdings?min-sequence=1');
    expect(seen.status).toBe(200);
    const behind = await query.get('/v1/ledgers/second/holdings?min-sequence=2');
    expect(behind.status).toBe(503);
    expect(behind.headers.get('retry-after')).toBe('30');
    expect(behind.body).toMatchObject({
      code: 'ledger-stands-still',
      ledger: 'second',
      sequence: 1,
      asked: 2,
      detail: expect.stringContaining('event 2 cannot be applied'),
    });
    await query.pool.query(`UPDATE rm_${version as number}.positions SET state = 'running' WHERE ledger = 'second'`);
  });
});

describe('the ledgers', () => {
  it('each ledger is listed with its terms, its head and the positions of its consumers', async () => {
    const { body } = await query.get('/v1/ledgers');
    expect(body.data.map((row) => LedgerRow.parse(row))).toEqual(body.data);
    expect(body.data[1]).toMatchObject({ ledger: 'second', name: 'Second', keeper: 'nvidia', sequence: 1 });
    expect(body.data[1]?.positions).toContainEqual({ consumer: 'projector', version: 1, sequence: 1, state: 'live' });
  });

  it('a key sees the ledgers that it may touch, and no others', async () => {
    const key = await query.key({ name: 'narrow', roles: ['read'], ledgers: ['second'] });
    for (const route of ['/v1/ledgers', '/v1/status']) {
      const { body } = await query.get(route, { key });
      expect(new Set(body.data.map(({ ledger }) => ledger))).toEqual(new Set(['second']));
    }
    expect((await query.get('/v1/ledgers/nvidia/holdings', { key })).status).toBe(403);
  });
});

describe('a walk over the ledgers, or over their consumers,', () => {
  it('goes on behind the row that it had come to, also when a ledger is opened that stands before it', async () => {
    const named = ({ consumer, ledger, version }: Partial<StatusRow>) => [consumer, version, ledger];
    const lists = ['/v1/ledgers', '/v1/status'];
    const before = await Promise.all(lists.map(async (list) => (await query.get(list)).body.data));
    const first = await Promise.all(lists.map((list) => query.get(`${list}?limit=1`)));
    await query.journal.open('alpha', { name: 'Alpha', keeper: 'nvidia' }, 'admin');
    for (const [n, list] of lists.entries()) {
      const all = await query.get(list);
      expect(all.body.data.map(named)).toContainEqual(expect.arrayContaining(['alpha']));
      const walked = [...first[n]!.body.data];
      for (let { next } = first[n]!.body; next !== null; ) {
        const { body } = await query.get(`${list}?limit=1&cursor=${next}`);
        walked.push(...body.data);
        next = body.next;
      }
      expect(walked.map(named).filter(([, , ledger]) => ledger !== 'alpha')).toEqual(before[n]!.map(named));
    }
  });
});
