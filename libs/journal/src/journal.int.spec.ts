import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEvent } from '#contracts/cloudEvent';
import { microseconds } from '#contracts/scalars';
import { createPool } from '#platform/database/database';
import { leafHash } from '#proofs/compactRange';
import { eventually } from '#test/feed/eventually';
import { item, order, party, reassign, submission } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import { Journal } from './journal.ts';
import { lockHead } from './sql/head.ts';
import { begin } from './sql/transaction.ts';
import { readEvent, readEvents, readLedgers, streamVersion } from './reader.ts';

describe('the journal', () => {
  let journals: TestJournals;
  let journal: Journal;
  let ledgers = 0;
  const ledger = () => journals.openLedger(journal, `book-${++ledgers}`);
  const events = (of: string) => readEvents(journals.pool, of, 0, 10_000);

  beforeAll(async () => {
    journals = await TestJournals.start();
    journal = journals.make();
  });
  afterAll(() => journals.end());

  it('opens a ledger once: its first event is the opening, the same terms again change nothing, and other terms are answered as different', async () => {
    const terms = { name: 'Nvidia allocations', keeper: 'nvidia' };
    expect(await journal.open('nvidia', terms, 'admin')).toBe('opened');
    expect(await journal.open('nvidia', terms, 'someone')).toBe('same');
    expect(await journal.open('nvidia', { ...terms, keeper: 'amd' }, 'admin')).toBe('different');
    const [first, ...more] = await events('nvidia');
    expect(more).toEqual([]);
    expect(parseEvent(first!.bytes)).toMatchObject({
      type: 'lading.ledger.opened.v1',
      source: 'urn:lading:ledger',
      id: 'nvidia',
      subject: 'ledger',
      sequence: 1,
      actor: 'admin',
      data: terms,
    });
    expect(await readLedgers(journals.pool)).toContainEqual({
      ledger: 'nvidia',
      ...terms,
      sequence: 1,
      recorded: first!.recorded,
    });
  });

  it('opens a ledger for one of many who open it at the same moment', async () => {
    const openings = await Promise.all(
      Array.from({ length: 8 }, () => journal.open('busy', { name: 'Busy', keeper: 'nvidia' }, 'admin')),
    );
    expect(openings.sort()).toEqual(['opened', ...Array.from({ length: 7 }, () => 'same')]);
  });

  it('opens a ledger for one of two processes that open it at the same moment, and tells the other in what terms it is', async () => {
    const other = journals.make();
    for (let round = 0; round < 10; round++) {
      const book = `raced-${round}`;
      const outcomes = await Promise.all([
        journal.open(book, { name: 'Raced', keeper: 'nvidia' }, 'one'),
        other.open(book, { name: 'Raced', keeper: round % 2 === 0 ? 'nvidia' : 'amd' }, 'other'),
      ]);
      expect(outcomes.sort()).toEqual([round % 2 === 0 ? 'opened' : 'different', round % 2 === 0 ? 'same' : 'opened']);
      expect(await events(book)).toHaveLength(1);
    }
  });

  it('writes the first event of a ledger as bytes that its terms, its opener and the recorded time determine', async () => {
    await journal.open('exact', { keeper: 'nvidia', name: 'To the byte' }, 'admin');
    const [first] = await events('exact');
    const recordedtime = first!.recorded;
    expect(first!.occurred).toBe(recordedtime);
    expect(first!.bytes.toString()).toBe(
      `{"specversion":"1.0","id":"exact","source":"urn:lading:ledger","type":"lading.ledger.opened.v1","subject":"ledger",` +
        `"time":"${recordedtime}","datacontenttype":"application/json","ledger":"exact","sequence":"0000000000000001",` +
        `"recordedtime":"${recordedtime}","actor":"admin","partitionkey":"exact","data":{"name":"To the byte","keeper":"nvidia"}}`,
    );
    const { rows } = await journals.pool.query<{ request_hash: Buffer; streams: string[] }>(
      `SELECT request_hash, (SELECT array_agg(entity) FROM journal.event_entities WHERE ledger = $1) AS streams
         FROM journal.events WHERE ledger = $1`,
      ['exact'],
    );
    const requestHash = hash('sha256', '{"keeper":"nvidia","name":"To the byte"}', 'buffer');
    expect(rows).toEqual([{ request_hash: requestHash, streams: ['ledger'] }]);
  });

  it('takes an event that is submitted right after the opening of its ledger, and refuses one submitted right before', async () => {
    const [before, opening, after] = await Promise.allSettled([
      journal.submit('just-now', party('tesla')),
      journal.open('just-now', { name: 'Just now', keeper: 'nvidia' }, 'admin'),
      journal.submit('just-now', party('x')),
    ]);
    expect(before).toMatchObject({ status: 'rejected', reason: { name: 'UnknownLedger' } });
    expect(opening).toEqual({ status: 'fulfilled', value: 'opened' });
    expect(after).toMatchObject({ value: { status: 'recorded', receipt: { sequence: 2 } } });
  });

  it('refuses events for a ledger that nobody opened', async () => {
    await expect(journal.submit('nowhere', party('tesla'))).rejects.toMatchObject({
      name: 'UnknownLedger',
      ledger: 'nowhere',
    });
  });

  it('keeps an event as exactly the bytes that were hashed, with the sequence and the recorded time that were answered', async () => {
    const book = await ledger();
    const placed = order('PO-1', 'tesla', 12_000, { time: '2023-12-01T10:00:00.1234567+01:00' });
    const outcome = await journal.submit(book, placed);
    const kept = await readEvent(journals.pool, book, 9);
    const event = parseEvent(kept!.bytes);
    expect(outcome).toEqual({
      status: 'recorded',
      receipt: { ledger: book, sequence: 9, id: placed.event.id, recordedtime: event.recordedtime },
    });
    expect(event).toMatchObject({
      id: placed.event.id,
      source: 'urn:test',
      subject: 'order/PO-1',
      time: '2023-12-01T10:00:00.1234567+01:00',
      ledger: book,
      sequence: 9,
      actor: 'tester',
      data: { order: 'PO-1', moves: [{ quantity: 12_000 }] },
    });
    expect(kept).toMatchObject({ occurred: '2023-12-01T09:00:00.123457Z', recorded: event.recordedtime });
    const { rows } = await journals.pool.query<{ leaf_hash: Buffer; request_hash: Buffer }>(
      'SELECT leaf_hash, request_hash FROM journal.events WHERE ledger = $1 AND sequence = 9',
      [book],
    );
    expect(rows[0]!.leaf_hash.equals(leafHash(kept!.bytes))).toBe(true);
    expect(rows[0]!.request_hash.equals(placed.hash)).toBe(true);
  });

  it('answers the same id and body with the first answer, and the same id with another body with a conflict', async () => {
    const book = await ledger();
    const first = await journal.submit(book, order('PO-1', 'tesla', 5, { id: 'same' }));
    if (first.status !== 'recorded') throw new Error(first.status);
    const { receipt } = first;
    expect(await journal.submit(book, order('PO-1', 'tesla', 5, { id: 'same' }))).toEqual({
      status: 'replayed',
      receipt,
    });
    expect(await journal.submit(book, order('PO-1', 'tesla', 6, { id: 'same' }))).toEqual({
      status: 'conflict',
      sequence: receipt.sequence,
    });
    // Another source's id is another id.
    const other = await journal.submit(book, order('PO-2', 'tesla', 5, { id: 'same', source: 'urn:other' }));
    expect(other.status).toBe('recorded');
  });

  it('answers the same id and body as replayed, and another body as a conflict, also inside of one batch', async () => {
    const book = await ledger();
    const outcomes = await Promise.all([
      journal.submit(book, order('PO-1', 'tesla', 5, { id: 'a' })),
      journal.submit(book, order('PO-1', 'tesla', 5, { id: 'a' })),
      journal.submit(book, order('PO-1', 'tesla', 6, { id: 'a' })),
      journal.submit(book, order('PO-2', 'tesla', 6, { id: 'b' })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['recorded', 'replayed', 'conflict', 'recorded']);
    expect(outcomes[1]).toEqual({ ...outcomes[0], status: 'replayed' });
    expect(await events(book)).toHaveLength(10);
  });

  it('lets a rejected command neither store anything, nor spoil the batch it is in, nor use up its id', async () => {
    const book = await ledger();
    const outcomes = await Promise.all([
      journal.submit(book, order('PO-1', 'tesla', 5)),
      journal.submit(book, order('PO-2', 'nobody', 5, { id: 'again' })),
      journal.submit(book, order('PO-3', 'tesla', 5)),
    ]);
    expect(outcomes[1]).toMatchObject({ status: 'rejected', rejection: { code: 'unknown-party' } });
    expect(outcomes[2]).toMatchObject({ status: 'recorded', receipt: { sequence: 10 } });
    expect(await journal.submit(book, order('PO-2', 'x', 5, { id: 'again' }))).toMatchObject({ status: 'recorded' });
    expect(await streamVersion(journals.pool, book, 'order/PO-2')).toBe(11);
  });

  it('decides each command of a batch on what the ones before it left', async () => {
    const book = await ledger();
    const outcomes = await Promise.all([
      journal.submit(book, order('PO-1', 'tesla', 10)),
      journal.submit(book, reassign('RA-1', 'PO-1', 'tesla', 'x', 6)),
      journal.submit(book, reassign('RA-2', 'PO-1', 'tesla', 'x', 6)),
      journal.submit(book, reassign('RA-3', 'PO-1', 'x', 'xai', 6)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['recorded', 'recorded', 'rejected', 'recorded']);
    expect(outcomes[2]).toMatchObject({
      rejection: { code: 'insufficient-quantity', facts: { asked: 6, available: 4 } },
    });
  });

  it('checks If-Match against the stream of the subject, and after the idempotency check', async () => {
    const book = await ledger();
    const placed = await journal.submit(book, order('PO-1', 'tesla', 10, { id: 'p', ifMatch: 0 }));
    expect(placed).toMatchObject({ status: 'recorded', receipt: { sequence: 9 } });
    // The stream has moved on since; it is the same submission all the same.
    expect(await journal.submit(book, order('PO-1', 'tesla', 10, { id: 'p', ifMatch: 0 }))).toMatchObject({
      status: 'replayed',
    });
    const cancel = (id: string, ifMatch: number) =>
      submission(
        'lading.order.line_cancelled.v1',
        { order: 'PO-1', line: '1', initiator: 'buyer', quantity: 1 },
        { id, ifMatch },
      );
    expect(await journal.submit(book, cancel('c1', 8))).toEqual({ status: 'behind', version: 9 });
    expect(await journal.submit(book, cancel('c1', 9))).toMatchObject({
      status: 'recorded',
      receipt: { sequence: 10 },
    });
    const racing = await Promise.all([journal.submit(book, cancel('c2', 10)), journal.submit(book, cancel('c3', 10))]);
    expect(racing).toMatchObject([{ status: 'recorded' }, { status: 'behind', version: 11 }]);
  });

  it('rejects an event that is too large when completed, with its size and the limit', async () => {
    const book = await ledger();
    const lines = Array.from({ length: 150 }, (_, n) => ({
      line: `${'x'.repeat(120)}${n}`,
      item: 'H100',
      quantity: 1,
      window: { from: '2023-12-01', to: '2023-12-31' },
    }));
    const large = submission('lading.order.placed.v1', { order: 'PO-1', buyer: 'tesla', supplier: 'nvidia', lines });
    const outcome = await journal.submit(book, large);
    expect(outcome).toMatchObject({
      status: 'rejected',
      rejection: { code: 'event-too-large', facts: { limit: 65_535 } },
    });
    if (outcome.status === 'rejected') expect(outcome.rejection.facts.bytes).toBeGreaterThan(65_535);
  });

  it('says of an event that is too large how many of its lines fit: so many are taken, and not one more', async () => {
    const book = await ledger();
    const window = { from: '2023-12-01', to: '2023-12-31' };
    const even = Array.from({ length: 150 }, (_, n) => ({
      ...{ line: `${'x'.repeat(90)}${n}`, item: 'H100', quantity: 1, window },
    }));
    // Lines of very different sizes: the size of the whole says little about where the limit is reached.
    const uneven = even.map((line, n) => ({ ...line, line: n % 50 < 3 ? `${'x'.repeat(20)}${n}` : line.line }));
    for (const [order, lines] of [
      ['PO-1', even],
      ['PO-2', uneven],
      ['PO-3', uneven.toReversed()],
    ] as const) {
      const placed = (length: number) =>
        submission('lading.order.placed.v1', {
          order,
          buyer: 'tesla',
          supplier: 'nvidia',
          lines: lines.slice(0, length),
        });
      const fitsOf = async (length: number) => {
        const outcome = await journal.submit(book, placed(length));
        return outcome.status === 'rejected' ? Number(outcome.rejection.facts.fits) : undefined;
      };
      const fits = await fitsOf(150);
      expect(fits).toBeGreaterThan(50);
      expect(await fitsOf(fits! + 1)).toBe(fits);
      expect(await fitsOf(fits!)).toBeUndefined();
      const rest = submission('lading.order.lines_added.v1', { order, lines: lines.slice(fits, fits! + 50) });
      expect(await journal.submit(book, rest)).toMatchObject({ status: 'recorded' });
    }
  });

  it('never lets recorded time go back, also when the clock does', async () => {
    const book = await ledger();
    const ahead = '2999-01-01T00:00:00.123456Z';
    await journals.pool.query('UPDATE journal.ledgers SET recorded = $2 WHERE ledger = $1', [book, ahead]);
    expect(await journal.submit(book, order('PO-1', 'tesla', 1))).toMatchObject({ receipt: { recordedtime: ahead } });
    const times = (await events(book)).map(({ recorded }) => recorded);
    expect(times).toEqual([...times].sort());
  });

  it('takes every time that the contract takes, and PostgreSQL counts the same microseconds as everybody else', async () => {
    const book = await ledger();
    const times = [
      '1900-01-01T00:00:00Z',
      '1900-01-01T15:59:00.5+15:59',
      '2023-12-31T23:59:59.9999999-15:59',
      '2023-12-31t23:59:59.0000005z',
      '2023-12-31T23:59:59.1234565Z',
    ];
    await record(
      journal,
      book,
      times.map((time, n) => order(`PO-${n}`, 'tesla', 1, { time })),
    );
    // With T and Z, which readers in every language take.
    const kept = (await readEvents(journals.pool, book, 8, 10)).map(({ bytes }) => parseEvent(bytes).time);
    expect(kept).toEqual(times.map((time) => time.toUpperCase()));
    const { rows } = await journals.pool.query<{ micros: string }>(
      'SELECT (extract(epoch FROM occurred) * 1000000)::numeric(20)::text AS micros FROM journal.events WHERE ledger = $1 AND sequence > 8 ORDER BY sequence',
      [book],
    );
    expect(rows.map(({ micros }) => Number(micros))).toEqual(times.map(microseconds));
  });

  it('keeps every event of an atomic batch, each with its index and the size of the batch, or none of them', async () => {
    const book = await ledger();
    const kept = await journal.submitAtomic(book, [
      order('PO-1', 'tesla', 10),
      reassign('RA-1', 'PO-1', 'tesla', 'x', 4),
      reassign('RA-2', 'PO-1', 'x', 'xai', 4),
    ]);
    expect(kept).toMatchObject({
      status: 'recorded',
      receipts: [{ sequence: 9 }, { sequence: 10 }, { sequence: 11 }],
    });
    const batch = (await readEvents(journals.pool, book, 8, 10)).map(({ bytes }) => parseEvent(bytes));
    expect(batch.map(({ batchindex, batchsize }) => [batchindex, batchsize])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);

    const [failed, after] = await Promise.all([
      journal.submitAtomic(book, [
        order('PO-2', 'tesla', 10, { id: 'po-2' }),
        reassign('RA-3', 'PO-1', 'tesla', 'x', 6),
        reassign('RA-4', 'PO-1', 'tesla', 'x', 1),
      ]),
      journal.submit(book, reassign('RA-5', 'PO-1', 'tesla', 'xai', 6)),
    ]);
    expect(failed).toMatchObject({
      status: 'failed',
      index: 2,
      outcome: { status: 'rejected', rejection: { code: 'not-the-owner' } },
    });
    expect(after).toMatchObject({ status: 'recorded', receipt: { sequence: 12 } });
    expect(await streamVersion(journals.pool, book, 'order/PO-2')).toBe(0);
    expect(await journal.submit(book, order('PO-2', 'tesla', 11, { id: 'po-2' }))).toMatchObject({
      status: 'recorded',
    });
  });

  it('answers an atomic batch that it has already with the receipts, and one that it has in part with the sequences of that part', async () => {
    const book = await ledger();
    const one = order('PO-1', 'tesla', 1);
    const two = order('PO-2', 'tesla', 2);
    const first = await journal.submitAtomic(book, [one, two]);
    expect(first.status).toBe('recorded');
    expect(await journal.submitAtomic(book, [one, two])).toEqual({ ...first, status: 'replayed' });
    expect(await journal.submitAtomic(book, [order('PO-3', 'tesla', 3), two])).toEqual({
      status: 'partly-there',
      index: 1,
      sequences: [10],
    });
    expect(await journal.submitAtomic(book, [one, order('PO-9', 'tesla', 3, { id: two.event.id })])).toEqual({
      status: 'failed',
      index: 1,
      outcome: { status: 'conflict', sequence: 10 },
    });
    const three = order('PO-3', 'tesla', 3);
    expect(await journal.submitAtomic(book, [three, three])).toMatchObject({
      status: 'failed',
      index: 1,
      outcome: { status: 'rejected', rejection: { code: 'already-exists', facts: { first: 0 } } },
    });
    expect(await events(book)).toHaveLength(10);
  });

  it('takes an atomic batch of a thousand events whole', async () => {
    const book = await ledger();
    const orders = Array.from({ length: 1_000 }, (_, n) => order(`PO-${n}`, 'tesla', 1 + n));
    // A slow machine may take longer for them than a ledger may be held.
    const patient = journals.make({ holdMs: 300_000, patienceMs: 300_000 });
    const outcome = await patient.submitAtomic(book, orders);
    expect(outcome.status).toBe('recorded');
    expect(await events(book)).toHaveLength(1_008);
  });

  it('answers busy to submitters who come when too many commands wait, and keeps nothing of theirs', async () => {
    const book = await ledger();
    const small = journals.make({ queueLimit: 3 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, n) => small.submit(book, order(`PO-${n}`, 'tesla', 1))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(outcomes[4]).toMatchObject({ reason: { name: 'JournalUnavailable', reason: 'busy', retryAfter: 1 } });
    expect(await events(book)).toHaveLength(11);
  });

  it('tells its observer of every batch and of every rejection, also of one that makes an atomic batch fail', async () => {
    const book = await ledger();
    const batches: unknown[] = [];
    const rejections: string[] = [];
    const observed = journals.make({
      observer: { batch: (batch) => batches.push(batch), rejection: (code) => rejections.push(code) },
    });
    const twice = order('PO-6', 'tesla', 1);
    await Promise.all([
      observed.submit(book, order('PO-1', 'tesla', 1)),
      observed.submit(book, order('PO-2', 'nobody', 1)),
      observed.submitAtomic(book, [order('PO-3', 'tesla', 1), order('PO-4', 'tesla', 1)]),
      observed.submitAtomic(book, [order('PO-5', 'tesla', 1), reassign('RA-1', 'PO-1', 'tesla', 'x', 2)]),
      observed.submitAtomic(book, [twice, twice]),
    ]);
    expect(batches).toEqual([{ ledger: book, seconds: expect.any(Number), commands: 8, events: 3, attempts: 1 }]);
    expect(rejections).toEqual(['unknown-party', 'insufficient-quantity', 'already-exists']);
  });

  it('rejects the registration of an item with another tracking than the item has', async () => {
    const book = await ledger();
    expect(await journal.submit(book, item('H100', 'serial'))).toMatchObject({
      status: 'rejected',
      rejection: { code: 'wrong-tracking' },
    });
  });

  it('answers a COMMIT when it is on the disk, also where the database is set not to wait for the disk', async () => {
    const book = await ledger();
    const client = await journals.pool.connect();
    for (const [setting, kept] of [
      ['off', 'on'],
      ['local', 'local'],
      ['remote_apply', 'remote_apply'],
    ] as const) {
      await client.query(`SET synchronous_commit = ${setting}`);
      await begin(client, 5_000);
      await lockHead(client, book, 5_000);
      const { rows } = await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
      expect(rows[0]!.synchronous_commit).toBe(kept);
      await client.query('ROLLBACK');
    }
    client.release(true);
  });

  it('takes no more commands once it is closed, and answers all that it has', async () => {
    const book = await ledger();
    const closing = journals.make();
    const answers = Promise.all(
      Array.from({ length: 300 }, (_, n) => closing.submit(book, order(`PO-${n}`, 'tesla', 1))),
    );
    const closed = closing.close();
    await expect(closing.submit(book, order('PO-late', 'tesla', 1))).rejects.toMatchObject({
      name: 'JournalUnavailable',
    });
    await closed;
    expect((await events(book)).length).toBe(308);
    expect((await answers).every(({ status }) => status === 'recorded')).toBe(true);
  });

  it('notifies readers of the last of many commits too, with fewer notifications than commits', async () => {
    const book = await ledger();
    const listener = await journals.pool.connect();
    await listener.query('LISTEN lading_events');
    const all = new Promise<void>((resolve) => {
      listener.on('notification', ({ payload }) => {
        if (payload !== book) return;
        void events(book).then(({ length }) => {
          if (length === 108) resolve();
        });
      });
    });
    const pool = createPool(journals.url, { pipeline: true });
    const told = new Journal(pool);
    // The first notification is on its way until all is committed.
    let arrive: () => void = () => undefined;
    const way = new Promise<void>((resolve) => (arrive = resolve));
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    let sent = 0;
    const sendLate = async (...args: unknown[]) => {
      sent++;
      await way;
      return query(...args);
    };
    Object.assign(pool, { query: sendLate });
    for (let n = 0; n < 100; n++) await told.submit(book, order(`PO-${n}`, 'tesla', 1));
    expect(sent).toBe(1);
    arrive();
    // One for all that came meanwhile.
    await eventually(() => {
      expect(sent).toBe(2);
    });
    await all;
    await told.close();
    await pool.end();
    expect(sent).toBe(2);
    listener.release(true);
  });

  it('notifies readers of the ledger after the commit', async () => {
    const book = await ledger();
    const listener = await journals.pool.connect();
    await listener.query('LISTEN lading_events');
    const heard = new Promise<string | undefined>((resolve) => {
      listener.on('notification', ({ payload }) => {
        if (payload === book) resolve(payload);
      });
    });
    await journal.submit(book, order('PO-1', 'tesla', 1));
    expect(await heard).toBe(book);
    listener.release(true);
  });
});
