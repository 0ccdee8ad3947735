import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '#contracts/examples';
import { checkEvidence } from '#evidence/check';
import { readEvidenceFile } from '#evidence/readEvidenceFile';
import { onNode } from '#proofs/onNode';
import { parseTlogProof } from '#proofs/tlogProof';
import { signLedger } from '#test/evidence/signLedger';
import { LEDGER, type QueryService, type Reply, startQuery } from '#test/setup/startQuery';

let query: QueryService;
let stored: Buffer[];
/** Asked for while nothing signs the ledger. */
let unsigned: Promise<Reply>;

beforeAll(async () => {
  query = await startQuery();
  for (const [party, role] of [
    ['nvidia', 'supplier'],
    ['tesla', 'customer'],
  ] as const) {
    await query.submit('lading.party.registered.v1', { party, name: party, roles: [role] });
  }
  await query.submit('lading.item.registered.v1', examples['lading.item.registered.v1']);
  await query.submit('lading.order.placed.v1', examples['lading.order.placed.v1']);
  const { rows } = await query.pool.query<{ bytes: Buffer }>('SELECT bytes FROM journal.events ORDER BY sequence');
  stored = rows.map(({ bytes }) => bytes);
  await query.journal.open('unsigned', { name: 'Unsigned', keeper: 'nobody' }, 'admin');
  unsigned = query.get('/v1/ledgers/unsigned/events/1/evidence');
});
afterAll(() => query.stop());

describe('the events of a ledger', () => {
  it('an event is answered with exactly the bytes that the journal keeps', async () => {
    const answer = await query.get('/v1/ledgers/nvidia/events/5');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/cloudevents+json');
    expect(answer.headers.get('lading-sequence')).toBe('5');
    expect(answer.bytes.equals(stored[4]!)).toBe(true);
  });

  it('the sequence of an event may be written as in the event itself, with 16 digits', async () => {
    const answer = await query.get('/v1/ledgers/nvidia/events/0000000000000002');
    expect(answer.bytes.equals(stored[1]!)).toBe(true);
  });

  it('a list holds the events as they are kept, in order, a page after the other, none twice and none left out', async () => {
    const first = await query.get('/v1/ledgers/nvidia/events?limit=2');
    expect(first.body).toMatchObject({ ledger: 'nvidia', sequence: 5, next: expect.any(String) });
    const second = await query.get(`/v1/ledgers/nvidia/events?limit=2&cursor=${first.body.next}`);
    const third = await query.get(`/v1/ledgers/nvidia/events?limit=2&cursor=${second.body.next}`);
    expect(third.body.next).toBeNull();
    const all = [...first.body.data, ...second.body.data, ...third.body.data];
    expect(all).toEqual(stored.map((bytes): unknown => JSON.parse(bytes.toString())));
    expect(first.bytes.includes(stored[0]!)).toBe(true);
    expect(first.headers.get('lading-sequence')).toBe('5');
  });

  it.each([
    ['after=3', [4, 5]],
    ['type=lading.party.registered.v1', [2, 3]],
    ['subject=party/tesla', [3]],
    ['source=urn:test', [2, 3, 4, 5]],
    ['source=urn:test&subject=party/tesla', [3]],
    ['source=urn:other', []],
    ['entity=order/PO-TSLA-1', [5]],
    ['entity=order/PO-TSLA-1&type=lading.party.registered.v1', []],
    ['after=99', []],
    ['known=4&after=2', [3, 4]],
    ['at=2001-01-01', []],
  ])('?%s finds exactly what it names', async (filter, sequences) => {
    const { body } = await query.get(`/v1/ledgers/nvidia/events?${filter}`);
    expect(body.data.map(({ sequence }) => Number(sequence))).toEqual(sequences);
    expect(body.next).toBeNull();
  });

  it.each([
    ['after=-1', '/after'],
    ['after=x', '/after'],
    ['limit=0', '/limit'],
    ['limit=1001', '/limit'],
    ['limit=1.5', '/limit'],
    ['limit=1&limit=2', '/limit'],
    ['type=lading.unheard.of.v1', '/type'],
    ['cursor=abc', '/cursor'],
    ['subject=%00', '/subject'],
    ['min-sequence=-1', '/min-sequence'],
    ['at=2023-12-31T00:00:00', '/at'],
    ['known=6', '/known'],
    ['cursor=2', '/cursor'],
    ['sequnce=3', '/sequnce'],
  ])('?%s is a 400 that names the parameter', async (parameters, pointer) => {
    const { status, headers, body } = await query.get(`/v1/ledgers/nvidia/events?${parameters}`);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ code: 'malformed', errors: [{ pointer }] });
  });

  it.each(['0', '-1', 'x', '1.5', '6', '99999999999999999999', '%00'])(
    'there is no event %s: 404',
    async (sequence) => {
      const { status, body } = await query.get(`/v1/ledgers/nvidia/events/${sequence}`);
      expect(status).toBe(404);
      expect(body.code).toBe('not-found');
    },
  );

  it.each(['nobody', 'NVIDIA', '%00', 'a'.repeat(500)])('there is no ledger %s: 404', async (ledger) => {
    for (const route of ['events', 'events/1', 'events/stream']) {
      const { status, body } = await query.get(`/v1/ledgers/${ledger}/${route}`);
      expect(status).toBe(404);
      expect(body.code).toBe('unknown-ledger');
    }
  });

  it('an auditor may read events, and nothing else of a ledger', async () => {
    const key = await query.key({ name: 'auditor', roles: ['audit'] });
    expect((await query.get('/v1/ledgers/nvidia/events/1', { key })).status).toBe(200);
    expect((await query.get('/v1/ledgers/nvidia/holdings', { key })).status).toBe(403);
  });

  it('a read waits for the write that it names', async () => {
    const waiting = query.get('/v1/ledgers/nvidia/events/6?min-sequence=6');
    await query.submit('lading.party.registered.v1', { party: 'x', name: 'X', roles: ['customer'] });
    expect((await waiting).status).toBe(200);
  });

  it('a page of large events ends early, and goes on with the next page: nothing is left out', async () => {
    const before = (await query.get('/v1/ledgers/nvidia/events?limit=1')).body.sequence;
    const lines = Array.from({ length: 150 }, (_, i) => {
      return { line: String(i), item: 'H100', quantity: 1, window: { from: '2024-01-01', to: '2024-01-31' } };
    });
    const orders = Array.from({ length: 210 }, (_, i) =>
      query.submit('lading.order.placed.v1', { order: `PO-L-${i}`, buyer: 'tesla', supplier: 'nvidia', lines }),
    );
    await Promise.all(orders);
    const sequences: number[] = [];
    let pages = 0;
    for (let next: string | null = ''; next !== null; pages++) {
      const from: string = next === '' ? `after=${before}` : `cursor=${next}`;
      const { body, bytes }: Reply = await query.get(`/v1/ledgers/nvidia/events?limit=1000&${from}`);
      expect(bytes.length).toBeLessThan(5_000_000);
      sequences.push(...body.data.map(({ sequence }) => Number(sequence)));
      next = body.next;
    }
    expect(sequences).toEqual(orders.map((_, i) => before + 1 + i));
    expect(pages).toBeGreaterThan(1);
  });
});

describe('the evidence of an event', () => {
  const evidence = '/v1/ledgers/nvidia/events/5/evidence';
  const page = { accept: 'text/html' };

  it('waits until a checkpoint covers the event, and is then a tlog-proof of its bytes, or a page that has the key as well', async () => {
    const [asked, asPage] = [query.get(evidence), query.get(evidence, { headers: page })];
    const { keys } = await signLedger(query.pool, LEDGER);
    const answer = await asked;
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="nvidia-5.tlog-proof"');
    expect(answer.headers.get('vary')).toContain('accept');
    const { proof } = readEvidenceFile(answer.bytes);
    expect(Buffer.from(parseTlogProof(answer.bytes).extra!).equals(stored[4]!)).toBe(true);
    expect(await checkEvidence({ proof, keys }, onNode)).toMatchObject({ outcome: 'held', sequence: 5 });
    expect((await asPage).headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(readEvidenceFile((await asPage).bytes)).toEqual({ proof, keys });
    const again = await query.get(evidence, { headers: { 'if-none-match': answer.headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  it('stays in the first checkpoint that covers it, unless one of so many events is asked for, which the ledger must have', async () => {
    const first = await query.get(evidence);
    const head = await query.submit('lading.party.registered.v1', { party: 'x', name: 'x', roles: ['customer'] });
    await signLedger(query.pool, LEDGER);
    expect((await query.get(evidence)).bytes.equals(first.bytes)).toBe(true);
    expect(parseTlogProof((await query.get(`${evidence}?size=${head}`)).bytes).checkpoint.size).toBe(head);
    const tooLarge = await query.get(`${evidence}?size=${head + 1}`);
    expect([tooLarge.status, tooLarge.body.errors[0]?.pointer]).toEqual([400, '/size']);
  });

  it('is refused with 503 and the time to ask again while no checkpoint covers the event, and with 404 of none', async () => {
    const answer = await unsigned;
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(answer.body.detail).toContain('no checkpoint of unsigned with 1 event was signed yet');
    expect((await query.get('/v1/ledgers/nvidia/events/9999/evidence')).status).toBe(404);
  });

  it('is had of the events that concern a party by its key, and of no others', async () => {
    const key = await query.key({ name: 'tesla', roles: ['read'], party: 'tesla' });
    expect((await query.get(`${evidence}?min-sequence=5`, { key })).status).toBe(200);
    expect((await query.get('/v1/ledgers/nvidia/events/1/evidence', { key })).status).toBe(404);
  });

  it.each([
    [
      'the event',
      `UPDATE journal.events SET bytes = replace(convert_from(bytes, 'UTF8'), 'tesla', 'texla')::bytea WHERE sequence = 5`,
      /do not give the root/,
    ],
    ['what stands there', `UPDATE journal.events SET bytes = 'no event' WHERE sequence = 5`, /do not give the root/],
    ['a hash beside it', `UPDATE journal.events SET leaf_hash = sha256('') WHERE sequence = 4`, /do not give the root/],
    ['an event beside it', 'DELETE FROM journal.events WHERE sequence = 4', /the tree of nvidia lacks hashes/],
    [
      'all of it',
      'DELETE FROM journal.events WHERE sequence = 5',
      /event 5 of nvidia is missing, and the ledger ends at \d+/,
    ],
    [
      'the root of its checkpoint',
      // Another letter, whichever it is.
      `UPDATE journal.checkpoints SET note = set_byte(note, 30, 131 - CASE get_byte(note, 30) WHEN 65 THEN 65 ELSE 66 END)`,
      /signature/,
    ],
    [
      'its checkpoint',
      `UPDATE journal.checkpoints SET note = 'no checkpoint'`,
      /checkpoint of \d+ events of nvidia is damaged/,
    ],
  ])('is not handed out where %s was changed in the database: it says what is wrong', async (_, change, why) => {
    const kept = ['events', 'event_entities', 'checkpoints'];
    await query.pool.query(kept.map((table) => `CREATE TABLE kept_${table} AS TABLE journal.${table}`).join(';'));
    try {
      await query.pool.query(change);
      const { status, body } = await query.get(evidence);
      expect([status, body.code]).toEqual([500, 'ledger-damaged']);
      expect(body.detail).toMatch(why);
      expect(body.detail).toContain('lading verify');
    } finally {
      const back = (table: string) => `INSERT INTO journal.${table} TABLE kept_${table}; DROP TABLE kept_${table}`;
      await query.pool.query(
        `TRUNCATE ${kept.map((table) => `journal.${table}`).join(', ')}; ${kept.map(back).join(';')}`,
      );
    }
    expect((await query.get(evidence)).status).toBe(200);
  });
});
