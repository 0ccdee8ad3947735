import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { growTree } from '#journal/tree';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { parseCheckpoint } from '#proofs/checkpoint';
import { leafHash } from '#proofs/compactRange';
import { aKeeper, anEvent, checkpointOf, type Signer, someEvents } from '#test/audit/signedLedger';
import { freshDatabase } from '#test/setup/freshDatabase';
import { sizeIn } from '../checkpoints.ts';
import { Tampered } from '../verdict.ts';
import { Verifier } from '../verifier.ts';
import { fromJournal } from './journal.ts';

const COUNT = 300;
const LEDGER = 'nvidia';

describe('a ledger in its database', () => {
  let pool: pg.Pool;
  let client: pg.PoolClient;
  let keeper: Signer;
  let notes: Buffer[];
  beforeAll(async () => {
    pool = createPool(
      (await freshDatabase({ migrate: (to) => migrate(to, journalMigrations), template: 'journal' })).url,
    );
    client = await pool.connect();
    keeper = await aKeeper();
    const events = someEvents(COUNT);
    await put(1, events);
    notes = await Promise.all([100, 256, 290].map((size) => checkpointOf(events.slice(0, size), keeper)));
  });
  afterAll(async () => {
    client.release();
    await pool.end();
  });

  /** Writes events as the journal keeps them, in the place of those that are there from this one on. */
  async function put(from: number, events: readonly Buffer[]): Promise<void> {
    await client.query('DELETE FROM journal.events WHERE sequence >= $1', [from]);
    await client.query(
      `INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
       SELECT e ->> 'ledger', (e ->> 'sequence')::bigint, (e ->> 'time')::timestamptz, (e ->> 'recordedtime')::timestamptz,
              e ->> 'source', e ->> 'id', e ->> 'type', e ->> 'subject', hash, hash, bytes
         FROM unnest($1::bytea[], $2::bytea[]) AS u (bytes, hash) CROSS JOIN LATERAL (SELECT convert_from(bytes, 'UTF8')::json AS e) AS p`,
      [events, events.map(leafHash)],
    );
    await client.query(
      `INSERT INTO journal.ledgers AS l (ledger, sequence, recorded) VALUES ($1, $2, now())
       ON CONFLICT (ledger) DO UPDATE SET sequence = excluded.sequence, tree_size = 0, tree = ''`,
      [LEDGER, from + events.length - 1],
    );
    await client.query('DELETE FROM journal.tree_nodes');
    await growTree(client, LEDGER, Infinity);
  }

  interface Row {
    readonly size: number;
    readonly root: Uint8Array;
    readonly note: Buffer;
  }

  const verify = (with_: readonly Buffer[] = notes, change = (row: Row): Row => row) => {
    const rows = with_.map((note) => change({ size: sizeIn(note), root: parseCheckpoint(note).root, note }));
    const stored = {
      newest: async () => Math.max(0, ...rows.map(({ size }) => size)),
      after: async (size: number) => rows.filter((one) => one.size > size),
    };
    const trust = { keys: [keeper.key], witnesses: [], quorum: 0 };
    return new Verifier({ ledger: LEDGER, trust, fold: true }).verify(fromJournal(client, LEDGER, stored));
  };

  it('is verified, with all that stands beside its events', async () => {
    expect(await verify()).toMatchObject({ checkpoint: { size: 290 }, uncovered: 10, agreed: 3 });
  });

  const event = (change: string) => `UPDATE journal.events SET ${change} WHERE sequence = 280`;
  const column = (name: string, value: string): [string, string, object] => [
    `${name} beside an event is changed`,
    event(`${name} = ${value}`),
    { first: 280, last: 280, lastGood: 279 },
  ];
  it.each<[string, string, object]>([
    ['a byte of an event is changed', event(`bytes = set_byte(bytes, 500, 120)`), { first: 280, last: 280 }],
    [
      'a byte of an event is changed, and its hash with it',
      event(`bytes = replace(convert_from(bytes, 'UTF8'), 'tesla', 'tusla')::bytea,
             leaf_hash = sha256('\\x00'::bytea || replace(convert_from(bytes, 'UTF8'), 'tesla', 'tusla')::bytea)`),
      { first: 257, last: 290, lastGood: 256 },
    ],
    column('leaf_hash', `sha256('')`),
    column('source', `'urn:other'`),
    column('id', `'E-0'`),
    column('type', `'lading.order.changed.v1'`),
    column('subject', `'order/PO-1'`),
    column('occurred', `occurred + interval '1 microsecond'`),
    column('recorded', `recorded - interval '1 day'`),
    ['an event is deleted', 'DELETE FROM journal.events WHERE sequence = 280', { first: 280, last: 280 }],
    ['several are deleted', 'DELETE FROM journal.events WHERE sequence BETWEEN 280 AND 284', { first: 280, last: 284 }],
    ['the last one is deleted', 'DELETE FROM journal.events WHERE sequence = 300', { first: 300, lastGood: 299 }],
    [
      'the tail is cut off, and the head moved back',
      `WITH gone AS (DELETE FROM journal.events WHERE sequence > 280)
       UPDATE journal.ledgers SET sequence = 280, tree_size = 0, tree = ''`,
      { first: 281, last: 290, lastGood: 280 },
    ],
    [
      'one is inserted behind the head',
      `INSERT INTO journal.events SELECT ledger, 301, occurred, recorded, source, 'E-301', type, subject, request_hash, leaf_hash,
         replace(convert_from(bytes, 'UTF8'), '0000000000000300', '0000000000000301')::bytea FROM journal.events WHERE sequence = 300`,
      { first: 301, lastGood: 300 },
    ],
    [
      'two are swapped',
      `UPDATE journal.events AS e SET bytes = o.bytes, leaf_hash = o.leaf_hash FROM journal.events AS o
        WHERE (e.sequence, o.sequence) IN ((280, 285), (285, 280))`,
      { first: 280, last: 280 },
    ],
    ['the head is moved back', 'UPDATE journal.ledgers SET sequence = 299', { first: 300 }],
    [
      'the tree in the head is changed',
      `UPDATE journal.ledgers SET tree = set_byte(tree, 40, get_byte(tree, 40) # 1)`,
      { first: 300 },
    ],
    [
      'a hash of the stored tree is changed',
      `UPDATE journal.tree_nodes SET hash = sha256('')`,
      { first: 1, last: 256 },
    ],
    ['a hash of the stored tree is deleted', 'DELETE FROM journal.tree_nodes', { first: 1, last: 256 }],
  ])('is found to be tampered with when %s', async (_, tamper, finding) => {
    await client.query('BEGIN');
    try {
      await client.query(tamper);
      const error: unknown = await verify().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Tampered);
      expect(error).toMatchObject(finding);
    } finally {
      await client.query('ROLLBACK');
    }
  });

  it('read on after more events than there are says which are missing, as after a restore of an old copy', async () => {
    const none = { newest: async () => 0, after: async () => [] };
    const items = await Readable.from(fromJournal(client, LEDGER, none, COUNT + 5)).toArray();
    expect(items.at(-1)).toMatchObject({ kind: 'damaged', first: COUNT + 1, last: COUNT + 5 });
  });

  it('is found to be tampered with when a checkpoint is changed, or a signed one is missing its events', async () => {
    const changed = [notes[0]!, Buffer.from(notes[1]!.toString().replace('\n256\n', '\n255\n')), notes[2]!];
    await expect(verify(changed)).rejects.toThrow('was changed after it was signed');
    // What stands beside it, by which it is found, and by which the signer knows what it has signed.
    const last = (row: Row) => row.size === 290;
    for (const beside of [{ root: Buffer.alloc(32) }, { size: 291 }])
      await expect(verify(notes, (row) => (last(row) ? { ...row, ...beside } : row))).rejects.toMatchObject({
        ...{
          first: beside.size ?? 290,
          what: expect.stringMatching(/^the checkpoint of 290 events .* stands there as/),
        },
      });
    const beyond = await checkpointOf([...someEvents(COUNT), anEvent(301)], keeper);
    await expect(verify([...notes, beyond])).rejects.toMatchObject({ first: 301, last: 301, lastGood: 300 });
  });
});
