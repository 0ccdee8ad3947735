import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intakeDatabase, order, startWritingApp, type WritingApp } from '#test/intake/writingApp';

let app: WritingApp;
beforeAll(async () => {
  app = await startWritingApp(await intakeDatabase());
  await app.open();
});
afterAll(() => app.close());

describe('a submission to a ledger that nobody opened', () => {
  it('a submission to a ledger that nobody opened is answered 404 without reading any other ledger, even one whose events cannot be parsed', async () => {
    await app.pool.query(`UPDATE journal.events SET bytes = 'not an event' WHERE ledger = 'nvidia' AND sequence = 1`);
    expect(await app.submit(order(), {}, 'nobody')).toMatchObject({ status: 404, body: { code: 'unknown-ledger' } });
  });
});
