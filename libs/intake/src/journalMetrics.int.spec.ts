import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registry } from '#platform/watching/metrics';
import { event, intakeDatabase, order, reassigned, startWritingApp, type WritingApp } from '#test/intake/writingApp';

describe('the metrics of the journal', () => {
  let app: WritingApp;
  beforeAll(async () => {
    app = await startWritingApp(await intakeDatabase());
    await app.open();
  });
  afterAll(() => app.close());

  /** The value of one line of what `/metrics` shows, at this moment: the route shows the same for a second. 0 when there is no such line. */
  async function metric(line: string): Promise<number> {
    const text = await registry.metrics();
    const found = text.split('\n').find((one) => one.startsWith(`${line} `));
    return Number(found?.split(' ').at(-1) ?? 0);
  }

  it('count the rejection that makes an atomic batch fail as they count that of a single event', async () => {
    const rejections = () => metric('lading_journal_rejections_total{code="unknown-order"}');
    const reassignment = () => event('lading.reallocation.made.v1', reassigned('tesla', 'x', 'PO-nowhere', 1));
    const before = await rejections(); // of the apps that this process had before
    expect((await app.submit(reassignment())).body.code).toBe('unknown-order');
    expect(await rejections()).toBe(before + 1);
    expect((await app.batch([order(), reassignment()], '?atomic=true')).status).toBe(422);
    expect(await rejections()).toBe(before + 2);
    await app.batch([order(), reassignment()]);
    expect(await rejections()).toBe(before + 3);
  });

  it('show how many commands wait for their batch, and none once they are answered', async () => {
    const queued = () => metric('lading_journal_queued_commands{ledger="nvidia"}');
    expect(await queued()).toBe(0);
    const holder = await app.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM journal.ledgers WHERE ledger = $1 FOR UPDATE', ['nvidia']);
    const first = app.submit(order());
    const waitsForTheLock = async () => {
      // Of this database: other tests have such waits in theirs.
      const { rowCount } = await app.pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'transactionid' AND datname = current_database()`,
      );
      return rowCount === 1;
    };
    while (!(await waitsForTheLock())) await sleep(5);
    const others = Array.from({ length: 7 }, () => app.submit(order()));
    while ((await queued()) < 7) await sleep(5);
    expect(await queued()).toBe(7);
    await holder.query('COMMIT');
    holder.release();
    expect((await Promise.all([first, ...others])).every(({ status }) => status === 201)).toBe(true);
    expect(await queued()).toBe(0);
  });

  it('say of the seconds of an append what they measure: the wait for the lock and the retries are in them', async () => {
    const text = String((await app.send('GET', '/metrics')).body.text);
    expect(text).toContain(
      '# HELP lading_journal_append_seconds One batch, from leaving the queue to the acknowledged COMMIT, with the wait for the lock and any retries',
    );
  });
});
