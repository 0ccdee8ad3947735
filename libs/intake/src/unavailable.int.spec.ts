import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import pg from 'pg';
import { eventually } from '#test/feed/eventually';
import { intakeDatabase, order, startWritingApp, type WritingApp } from '#test/intake/writingApp';

let app: WritingApp;
let url: string;

beforeEach(async () => {
  url = await intakeDatabase();
});
afterEach(() => app.close());

const asAdmin = async (statement: string): Promise<void> => {
  const admin = new pg.Client(process.env.LADING_TEST_DATABASE_URL);
  await admin.connect();
  await admin.query(statement);
  await admin.end();
};
const database = () => new URL(url).pathname.slice(1);
/** Takes the database away: nobody is let in, and who is in is thrown out. */
const takeAway = async (): Promise<void> => {
  await asAdmin(`ALTER DATABASE ${database()} ALLOW_CONNECTIONS false`);
  await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database()}'`);
};
const giveBack = () => asAdmin(`ALTER DATABASE ${database()} ALLOW_CONNECTIONS true`);

describe('while the journal cannot be reached', () => {
  beforeEach(async () => {
    app = await startWritingApp(url, { journal: { patienceMs: 300 } });
    await app.open();
  });

  it('an event that comes while the journal cannot be reached is answered 503 with Retry-After, and taken once when it is sent again', async () => {
    const sent = order();
    const head = await app.head();
    await takeAway();
    const answer = await app.submit(sent);
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', status: 503 } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.body).toMatchObject({ recorded: 'no', reason: 'unavailable' });
    expect(answer.body.detail).toMatch(/nothing was recorded: send it again in \d+ s$/);
    expect(await app.batch([sent], '?atomic=true')).toMatchObject({ status: 503 });
    expect((await app.batch([sent])).body).toMatchObject({
      results: [{ status: 503, problem: { code: 'unavailable' } }],
    });
    await giveBack();
    // A slow machine may need longer than the patience of this test to connect again.
    await eventually(async () => {
      expect((await app.submit(sent)).status).toBe(200);
    });
    expect(await app.head()).toBe(head + 1);
  });

  it('of the events of a batch no more are tried once the journal is away, and each is told what is known of it', async () => {
    await takeAway();
    const { body } = await app.batch(Array.from({ length: 3_000 }, () => order()));
    const results = body.results as { status: number; problem: { recorded: string; detail: string } }[];
    await giveBack();
    expect(results.map(({ status }) => status)).toEqual(results.map(() => 503));
    expect(results).toHaveLength(3_000);
    // 512 are with the journal at once; a few more may have started before the first was answered.
    const tried = results.filter(({ problem }) => !problem.detail.includes('which was not tried'));
    expect(tried.length).toBeLessThan(600);
    expect(results.filter(({ problem }) => problem.recorded !== 'no')).toEqual([]);
  });

  it('a stream ends early when the journal cannot be reached: 503 for the lines that were read, nothing for the rest', async () => {
    await takeAway();
    const results = await app.stream(Array.from({ length: 5_000 }, () => `${JSON.stringify(order())}\n`).join(''));
    await giveBack();
    expect(results.length).toBeLessThan(5_000);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([503]));
    await eventually(async () => {
      expect(await app.head()).toBe(6);
    });
  });
});

describe('an event that takes too long by itself', () => {
  /** Events with such an id hold their ledger for longer than a transaction may. */
  const makeSlow = async (): Promise<void> => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(`
      CREATE FUNCTION journal.slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$;
      CREATE TRIGGER slowly BEFORE INSERT ON journal.events FOR EACH ROW WHEN (NEW.id LIKE 'slow%') EXECUTE FUNCTION journal.slowly()`);
    await client.end();
  };

  it('an event that takes longer than its ledger may be held is told so, as its own fault, and those beside it are recorded', async () => {
    // What is not at fault is tried a second time, so that a slow machine is not, either.
    app = await startWritingApp(url, { journal: { holdMs: 1_000, patienceMs: 300_000 } });
    await app.open();
    await makeSlow();
    const fault = { code: 'takes-too-long', limitSeconds: 1 };
    const { body } = await app.batch([order(), { ...order(), id: 'slow-1' }, order()]);
    expect(body.results).toMatchObject([{ status: 201 }, { status: 422, problem: fault }, { status: 201 }]);
    expect(await app.batch([order(), { ...order(), id: 'slow-2' }], '?atomic=true')).toMatchObject({
      status: 422,
      body: { ...fault, detail: expect.stringMatching(/^the ledger was held for 1 s.*divide this/) },
    });
    expect(await app.head()).toBe(8);
  });
});

describe('what is too much at once', () => {
  it('too many events at once for a ledger are answered 503 with Retry-After, and none of them was tried', async () => {
    app = await startWritingApp(url, { journal: { queueLimit: 1, batchSize: 1 } });
    await app.send('PUT', '/v1/ledgers/nvidia', { name: 'Nvidia allocations', keeper: 'nvidia' });
    const holder = await app.pool.connect();
    await holder.query(`BEGIN; SELECT 1 FROM journal.ledgers WHERE ledger = 'nvidia' FOR UPDATE`);
    // The first of them waits for the ledger, and all others for it.
    let answered = 0;
    const sent = Array.from({ length: 60 }, () => app.submit(order()).finally(() => answered++));
    await eventually(() => {
      expect(answered).toBe(59);
    });
    await holder.query('ROLLBACK');
    holder.release();
    const busy = (await Promise.all(sent)).filter(({ status }) => status === 503);
    expect(busy).toHaveLength(59);
    for (const { headers, body } of busy) {
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(body.detail).toMatch(/^too many events are waiting/);
    }
  });

  it('too many requests at once with one key are answered 429 with Retry-After', async () => {
    app = await startWritingApp(url, { settings: { LADING_RATE_LIMIT: '3' } });
    const key = await app.keyed({ roles: ['admin'] });
    const answers = [];
    for (let i = 0; i < 4; i++)
      answers.push(await app.send('PUT', `/v1/ledgers/l${i}`, { name: 'L', keeper: 'l' }, key));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429]);
    expect(answers[3]).toMatchObject({ body: { code: 'too-many-requests', recorded: 'no' } });
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await app.head('l3')).toBe(0);
  });
});
