import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseEvent } from '#contracts/cloudEvent';
import { startWorker, type Worker } from '#test/journal/startWorker';
import { order, party, reassign, submission } from '#test/journal/submissions';
import { expectTree } from '#test/journal/naiveTree';
import { record, TestJournals } from '#test/journal/testJournal';
import type { Journal } from '../journal.ts';
import { readEvents } from '../reader.ts';
import type { AtomicOutcome, Outcome } from '../submission.ts';

describe('writers of one ledger in two processes', () => {
  let journals: TestJournals;
  let journal: Journal;
  let workers: Worker[];
  let ledgers = 0;
  const ledger = () => journals.openLedger(journal, `book-${++ledgers}`);

  beforeAll(async () => {
    journals = await TestJournals.start();
    journal = journals.make();
    workers = await Promise.all([startWorker(journals.url), startWorker(journals.url)]);
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await journals.end();
  });
  let tails: (() => Promise<number[]>)[] = [];
  afterEach(async () => {
    await Promise.all(tails.map((stop) => stop()));
    tails = [];
  });

  /** Reads a ledger as fast as it can on a connection of its own; what it saw, in the order it saw it. */
  function tail(book: string) {
    const seen: number[] = [];
    let stopped = false;
    const read = async () => {
      const client = await journals.pool.connect();
      do {
        const events = await readEvents(client, book, seen.at(-1) ?? 0, 1_000);
        seen.push(...events.map(({ sequence }) => sequence));
      } while (!stopped);
      client.release();
      return seen;
    };
    const reading = read();
    const stop = async () => {
      stopped = true;
      return reading;
    };
    tails.push(stop);
    return { seen, stop };
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

  it('sequences have no gaps and come in the order of commit: a tailing reader never sees one appear before a smaller one', async () => {
    const book = await ledger();
    const tailing = [tail(book), tail(book)];
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      const sequences: number[] = [];
      for (let n = 0; n < 40; n++) {
        const outcome = await workers[writer % 2]!.submit(book, order(`PO-${writer}-${n}`, 'tesla', 1));
        if (outcome.status !== 'recorded') throw new Error(JSON.stringify(outcome));
        sequences.push(outcome.receipt.sequence);
      }
      return sequences;
    });
    const sequences = (await Promise.all(writers)).flat().sort((a, b) => a - b);
    const total = 8 + 16 * 40;
    expect(sequences).toEqual(upTo(total).slice(8));
    for (const reader of tailing) {
      while (reader.seen.length < total) await new Promise(setImmediate);
      expect(await reader.stop()).toEqual(upTo(total));
    }
    const events = (await readEvents(journals.pool, book, 0, total)).map(({ bytes }) => parseEvent(bytes));
    const recorded = events.map(({ recordedtime }) => recordedtime);
    expect(recorded).toEqual([...recorded].sort());
  });

  it('whoever writes, alone, in batches, the same twice or what is rejected, the tree is the one that the events’ bytes make', async () => {
    const book = await ledger();
    const same = order('PO-same', 'tesla', 1, { id: 'the-same' });
    await Promise.all(
      Array.from({ length: 24 }, async (_, n) => {
        const writer = workers[n % 2]!;
        for (let m = 0; m < 4; m++) await writer.submit(book, order(`PO-${n}-${m}`, 'tesla', 1));
        await writer.submit(book, same);
        await writer.submit(book, order(`PO-${n}`, 'nobody', 1));
        const size = 1 + ((n * 7) % 29);
        await writer.submitAtomic(
          book,
          Array.from({ length: size }, (_, m) => order(`PO-b-${n}-${m}`, n % 5 === 0 ? 'nobody' : 'tesla', 1)),
        );
      }),
    );
    await expectTree(journals.pool, book);
  });

  it('one id and body that is submitted fifty times at once makes one event and fifty equal answers', async () => {
    const book = await ledger();
    const same = order('PO-1', 'tesla', 12_000, { id: 'the-same' });
    const others = Array.from({ length: 50 }, (_, n) => order(`PO-other-${n}`, 'x', 1));
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const other = workers[n % 2]!.submit(book, others[n]!);
        return [await workers[n % 2]!.submit(book, same), await other] as const;
      }),
    );
    const receipts = outcomes.map(([outcome]) => {
      if (outcome.status !== 'recorded' && outcome.status !== 'replayed') throw new Error(JSON.stringify(outcome));
      return outcome.receipt;
    });
    expect(new Set(receipts.map((receipt) => JSON.stringify(receipt))).size).toBe(1);
    expect(outcomes.filter(([{ status }]) => status === 'recorded')).toHaveLength(1);
    expect(outcomes.filter(([, { status }]) => status === 'recorded')).toHaveLength(50);
    const events = await readEvents(journals.pool, book, 8, 1_000);
    expect(events.filter(({ id }) => id === 'the-same')).toHaveLength(1);
    expect(events).toHaveLength(51);

    const another = await Promise.all(
      workers.map((worker) => worker.submit(book, order('PO-1', 'tesla', 11_999, { id: 'the-same' }))),
    );
    const conflict = { status: 'conflict', sequence: receipts[0]!.sequence };
    expect(another).toEqual([conflict, conflict]);
  });

  it('of several bodies that race under one id one is recorded, and the submitters of the others are told its sequence', async () => {
    const book = await ledger();
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        workers[n % 2]!.submit(book, order('PO-1', 'tesla', 1 + (n % 3), { id: 'contested' })),
      ),
    );
    const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length;
    expect(count('recorded')).toBe(1);
    expect(count('replayed') + count('conflict')).toBe(39);
    expect(await readEvents(journals.pool, book, 8, 10)).toHaveLength(1);
  });

  it('of two swaps that race for the same units one is accepted and holds them, and is executed whole; the other is rejected', async () => {
    const book = await ledger();
    for (let round = 0; round < 10; round++) {
      const orders = [
        order(`PO-T-${round}`, 'tesla', 100),
        order(`PO-X-${round}`, 'x', 100),
        order(`PO-A-${round}`, 'xai', 100),
      ];
      await record(journal, book, orders);
      // Both swaps want all of Tesla's units.
      const swap = (id: string, other: string, order2: string) =>
        submission('lading.swap.proposed.v1', {
          swap: id,
          by: 'nvidia',
          legs: [
            { from: 'tesla', to: other, order: `PO-T-${round}`, line: '1', quantity: 100 },
            { from: other, to: 'tesla', order: order2, line: '1', quantity: 100 },
          ],
        });
      const ids = [`SW-X-${round}`, `SW-A-${round}`] as const;
      await record(journal, book, [swap(ids[0], 'x', `PO-X-${round}`), swap(ids[1], 'xai', `PO-A-${round}`)]);
      for (const id of ids) {
        await record(journal, book, [submission('lading.swap.accepted.v1', { swap: id, by: 'tesla' })]);
      }
      const outcomes = await Promise.all(
        ids.map((id, n) =>
          workers[n]!.submit(book, submission('lading.swap.accepted.v1', { swap: id, by: n === 0 ? 'x' : 'xai' })),
        ),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['recorded', 'rejected']);
      const winner = outcomes[0]!.status === 'recorded' ? ids[0] : ids[1];
      // What it holds stays with it, whichever of the two that race now comes first.
      const [execution, reallocation] = await Promise.all([
        workers[0]!.submit(book, submission('lading.swap.executed.v1', { swap: winner, by: 'nvidia' })),
        workers[1]!.submit(book, reassign(`RA-${round}`, `PO-T-${round}`, 'tesla', 'x', 1)),
      ]);
      expect([execution.status, reallocation.status]).toEqual(['recorded', 'rejected']);
      const executed = await readEvents(journals.pool, book, 0, 10, {
        type: 'lading.swap.executed.v1',
        subject: `swap/${winner}`,
      });
      expect(executed).toHaveLength(1);
      const { data } = parseEvent(executed[0]!.bytes);
      expect('moves' in data && data.moves).toHaveLength(2);
    }
  });

  const hold = (id: string, owner: string, of: string, quantity: number) =>
    submission('lading.units.held.v1', {
      ...{ hold: id, owner, purpose: 'Kept', until: '2999-01-01T00:00:00Z' },
      lines: [{ order: of, line: '1', quantity }],
    });

  it('of a hold and whatever else may take all of the same units at once exactly one is recorded, and nothing is held that is gone', async () => {
    const book = await ledger();
    const supplies = (order2: string) =>
      submission('lading.order.placed.v1', {
        ...{ order: order2, buyer: 'tesla', supplier: 'xai' },
        lines: [{ line: '1', item: 'H100', quantity: 50, window: { from: '2023-12-01', to: '2023-12-31' } }],
      });
    await record(journal, book, [party('xai', ['customer', 'supplier'])]);
    const line = { line: '1', quantity: 50 };
    const send = (shipment: string, of: string, consignee: string) =>
      submission('lading.shipment.dispatched.v1', {
        shipment,
        consignee,
        carrier: 'dhl',
        lines: [{ order: of, ...line }],
      });
    for (let round = 0; round < 6; round++) {
      const [T, X, A, S] = ['T', 'X', 'A', 'S'].map((name) => `PO-${name}-${round}`) as [
        string,
        string,
        string,
        string,
      ];
      await record(journal, book, [order(T, 'tesla', 50), order(X, 'x', 50), order(A, 'xai', 50), supplies(S)]);
      // xai has units of its own, of which it delivers.
      const arrived = submission('lading.shipment.received.v1', {
        ...{ shipment: `S-${round}`, by: 'xai', lines: [{ order: A, line: '1', received: 50 }] },
      });
      const legs = [
        { from: 'tesla', to: 'x', order: T, ...line },
        { from: 'x', to: 'tesla', order: X, ...line },
      ];
      const proposal = submission('lading.swap.proposed.v1', { swap: `SW-${round}`, by: 'tesla', legs });
      await record(journal, book, [send(`S-${round}`, A, 'xai'), arrived, proposal]);
      const pairs = [
        [hold(`H-1-${round}`, 'tesla', T, 50), hold(`H-2-${round}`, 'tesla', T, 50)],
        [hold(`H-3-${round}`, 'x', X, 50), submission('lading.swap.accepted.v1', { swap: `SW-${round}`, by: 'x' })],
        [hold(`H-4-${round}`, 'xai', A, 50), send(`S-S-${round}`, S, 'tesla')],
      ] as const;
      // The swap needs tesla's units, too: it is accepted only where nobody holds them.
      for (const [n, [one, other]] of pairs.entries()) {
        if (n === 1) {
          const held = `H-${(await holdsOf(book)).includes(`H-1-${round}`) ? 1 : 2}-${round}`;
          await record(journal, book, [submission('lading.units.released.v1', { hold: held })]);
        }
        const outcomes = await Promise.all([
          workers[round % 2]!.submit(book, one),
          workers[(round + 1) % 2]!.submit(book, other),
        ]);
        expect([n, ...outcomes.map(({ status }) => status).sort()]).toEqual([n, 'recorded', 'rejected']);
      }
    }
  });

  /** The holds that were recorded, by their ids. */
  const holdsOf = async (book: string) =>
    (await readEvents(journals.pool, book, 0, 1_000, { type: 'lading.units.held.v1' })).map(({ bytes }) => {
      const { data } = parseEvent(bytes);
      return 'hold' in data ? (data.hold ?? '') : '';
    });

  it('16 who race to hold 100 units hold 100 between them, and then none is left for anybody else', async () => {
    const book = await ledger();
    await record(journal, book, [order('PO-1', 'tesla', 100)]);
    let held = 0;
    const submit = async (id: string, by: number, quantity: number) => {
      const { status } = await workers[by % 2]!.submit(book, hold(id, 'tesla', 'PO-1', quantity));
      if (status === 'recorded') held += quantity;
      return status;
    };
    const all = await Promise.all(
      Array.from({ length: 16 }, async (_, by) => {
        const statuses: string[] = [];
        for (let n = 0; n < 6; n++) statuses.push(await submit(`H-${by}-${n}`, by, 1 + ((by + n) % 3)));
        return statuses;
      }),
    );
    expect(all.flat()).toContain('rejected');
    for (let n = 0; held < 100; n++) expect(await submit(`H-rest-${n}`, n, 1)).toBe('recorded');
    expect(held).toBe(100);
    for (const one of [hold('H-more', 'tesla', 'PO-1', 1), reassign('RA-1', 'PO-1', 'tesla', 'x', 1)]) {
      expect(await journal.submit(book, one)).toMatchObject({
        status: 'rejected',
        rejection: { code: 'held-for', facts: { available: 0 } },
      });
    }
  });

  it('16 submitters who race for 100 units get exactly 100 units between them', async () => {
    const book = await ledger();
    await record(journal, book, [order('PO-1', 'tesla', 100)]);
    let taken = 0;
    let refused = 0;
    await Promise.all(
      Array.from({ length: 16 }, async (_, submitter) => {
        for (let n = 0; n < 20; n++) {
          const quantity = 1 + ((submitter + n) % 3);
          const outcome = await workers[submitter % 2]!.submit(
            book,
            reassign(`RA-${submitter}-${n}`, 'PO-1', 'tesla', submitter % 2 === 0 ? 'x' : 'xai', quantity),
          );
          if (outcome.status === 'recorded') taken += quantity;
          else if (outcome.status === 'rejected') refused++;
        }
      }),
    );
    // What is left at the end is taken one by one: nothing was lost, and nothing was given twice.
    for (let n = 0; taken < 100; n++) {
      expect(await journal.submit(book, reassign(`RA-rest-${n}`, 'PO-1', 'tesla', 'x', 1))).toMatchObject({
        status: 'recorded',
      });
      taken++;
    }
    expect(taken).toBe(100);
    expect(refused).toBeGreaterThan(0);
    expect(await journal.submit(book, reassign('RA-one-more', 'PO-1', 'tesla', 'x', 1))).toMatchObject({
      status: 'rejected',
    });
    const moved = (await readEvents(journals.pool, book, 0, 1_000, { type: 'lading.reallocation.made.v1' })).map(
      ({ bytes }) => {
        const { data } = parseEvent(bytes);
        return 'moves' in data ? (data.moves ?? []).reduce((sum, { quantity }) => sum + quantity, 0) : 0;
      },
    );
    expect(moved.reduce((sum, quantity) => sum + quantity, 0)).toBe(100);
  });

  it('the events of an atomic batch are recorded together or not at all, whoever else writes', async () => {
    const book = await ledger();
    const batches = Array.from({ length: 20 }, (_, n) => [
      order(`PO-${n}`, 'tesla', 5),
      reassign(`RA-${n}-1`, `PO-${n}`, 'tesla', 'x', 3),
      // Every third one asks for more than is left.
      reassign(`RA-${n}-2`, `PO-${n}`, 'tesla', 'x', n % 3 === 0 ? 3 : 2),
    ]);
    const singles = Array.from({ length: 60 }, (_, n) => workers[n % 2]!.submit(book, order(`PO-s-${n}`, 'x', 1)));
    const outcomes: AtomicOutcome[] = await Promise.all(
      batches.map((batch, n) => workers[n % 2]!.submitAtomic(book, batch)),
    );
    const others: Outcome[] = await Promise.all(singles);
    expect(others.every(({ status }) => status === 'recorded')).toBe(true);
    for (const [n, outcome] of outcomes.entries()) {
      if (n % 3 === 0) expect(outcome).toMatchObject({ status: 'failed', index: 2 });
      else {
        if (outcome.status !== 'recorded') throw new Error(JSON.stringify(outcome));
        const [first = 0] = outcome.receipts.map(({ sequence }) => sequence);
        expect(outcome.receipts.map(({ sequence }) => sequence)).toEqual([first, first + 1, first + 2]);
      }
    }
    const kept = outcomes.filter(({ status }) => status === 'recorded').length;
    expect(await readEvents(journals.pool, book, 8, 1_000)).toHaveLength(60 + 3 * kept);
  });
});
