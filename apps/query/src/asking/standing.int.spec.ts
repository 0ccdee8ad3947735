import { afterEach, describe, expect, it } from 'vitest';
import { requestHash } from '#intake/parseSubmission';
import type { SubmittedEvent } from '#contracts/cloudEvent';
import { startVersion } from '#projections/versions/versions';
import { LEDGER, type QueryService, startQuery } from '#test/setup/startQuery';

let query: QueryService;
afterEach(() => query.stop());

const L = `/v1/ledgers/${LEDGER}`;
const tesla = (name: string) => ({ party: 'tesla', name, roles: ['customer' as const] });

describe('while the read models stand still', () => {
  it('an ETag is of the answer and not of what came since: acting on it is refused', async () => {
    query = await startQuery();
    const first = await query.submit('lading.party.registered.v1', tesla('Tesla'));
    await query.get(`${L}/parties/tesla?min-sequence=${first}`);
    await query.stopProjecting();
    const second = await query.submit('lading.party.registered.v1', tesla('Tesla, Inc.'));

    const answer = await query.get(`${L}/parties/tesla`);
    expect(answer.body).toMatchObject({ name: 'Tesla' });
    expect(answer.headers.get('etag')).toBe(`"${first}"`);
    expect(answer.headers.get('lading-sequence')).toBe(String(first));

    const event = {
      id: 'x',
      source: 'urn:test',
      type: 'lading.party.registered.v1',
      time: '2023-12-01T09:00:00Z',
      data: tesla('T'),
    };
    const ifMatch = Number(answer.headers.get('etag')?.slice(1, -1));
    const outcome = await query.journal.submit(LEDGER, {
      event: event as SubmittedEvent,
      hash: requestHash(event),
      actor: 'tests',
      ifMatch,
    });
    expect(outcome).toEqual({ status: 'behind', version: second });
  });

  it('events are answered up to the last one while the read models stand still', async () => {
    query = await startQuery();
    await query.stopProjecting();
    const sequence = await query.submit('lading.party.registered.v1', tesla('Tesla'));
    const { status, headers } = await query.get(`${L}/events/${sequence}`);
    expect([status, headers.get('lading-sequence')]).toEqual([200, String(sequence)]);
  });
});

describe('while there are no read models', () => {
  it('without read models the service says that it is not ready, and every question is a 503 that says why', async () => {
    query = await startQuery({ project: false });
    for (const path of ['/health/ready', `${L}/holdings`, `${L}/parties/tesla`, `${L}/flags?min-sequence=1`]) {
      const { status, headers, body } = await query.get(path);
      expect([path, status]).toEqual([path, 503]);
      expect(headers.get('retry-after')).toBe('1');
      expect(body.code).toBe('unavailable');
    }
    expect((await query.get('/health/ready')).body).toMatchObject({
      checks: {
        database: { status: 'up' },
        'read models': { status: 'down', detail: expect.stringMatching(/projector/) },
      },
    });
    expect((await query.get('/v1/status')).body.data).toEqual([]);
    expect((await query.get(`${L}/events`)).status).toBe(200);
  });

  it('tables of another release are not read: 503 until they are rebuilt', async () => {
    query = await startQuery();
    await query.stopProjecting();
    expect((await query.get(`${L}/holdings`)).status).toBe(200);
    const version = await startVersion(query.pool);
    await query.pool.query(`ALTER TABLE rm_${version}.holdings RENAME COLUMN quantity TO units`);
    await query.pool.query(`UPDATE read_model_versions SET shape = 'other' WHERE version = $1`, [version]);
    await query.pool.query('UPDATE read_model_active SET version = $1', [version]);
    await query.pool.query(`UPDATE read_model_versions SET state = 'active' WHERE version = $1`, [version]);
    await query.pool.query(`UPDATE read_model_versions SET state = 'retired' WHERE version <> $1`, [version]);
    const { status, headers, body } = await query.get(`${L}/holdings`);
    expect([status, headers.get('retry-after'), body.code]).toEqual([503, '10', 'unavailable']);
    expect((await query.get('/health/ready')).status).toBe(503);
  });
});
