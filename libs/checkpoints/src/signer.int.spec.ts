import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Journal } from '#journal/journal';
import { growTree, readNodes, readTree } from '#journal/tree';
import { cosignaturesOf, parseCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { COSIGNATURE, formatVerifierKey, signersOf, type VerifierKey } from '#proofs/signedNote';
import { rootHash } from '#proofs/treeProofs';
import { killedProgram } from '#test/checkpoints/killedProgram';
import { eventually } from '#test/feed/eventually';
import { Topics } from '#test/feed/topics';
import { item, party } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { checkpointsAfter, demandCheckpoint, latestCheckpoint, verifierKeysOf } from './checkpoints.ts';
import { readCheckpointTopic } from './checkpointTopic.ts';
import { Signer } from './signer.ts';
import type { SignerOptions } from './signerSession.ts';
import { makeSigningKeys, readSigningKeys, rotateSigningKeys, verifierKeyOf } from './signingKeys.ts';
import { signerStatus, witnessStatus } from './status.ts';
import { Witness } from './witness/witness.ts';
import { witnessServer } from './witness/witnessServer.ts';

describe('the signer', () => {
  let journals: TestJournals;
  let journal: Journal;
  let folder: string;
  const signers: Signer[] = [];
  let people = 0;

  beforeEach(async () => {
    journals = await TestJournals.start();
    journal = journals.make();
    folder = await temporaryFolder('signer');
    await journals.openLedger(journal, 'nvidia');
  });
  afterEach(async () => {
    await stopAll();
    await journals.end();
    await rm(folder, { recursive: true });
  });

  const stopAll = () => Promise.all(signers.splice(0).map((signer) => signer.stop()));
  const start = (options: Partial<SignerOptions> = {}): Signer => {
    const signer = new Signer({
      ...{ url: journals.url, pool: journals.pool, origin: 'log.example', every: 10 },
      ...{ keyFile: keyFile(), stateFile: join(folder, 'signing.published') },
      ...options,
    });
    signers.push(signer);
    void signer.run();
    return signer;
  };
  const keyFile = () => ({ path: join(folder, 'signing.key'), setting: 'LADING_DATA' });
  const add = (events: number, ledger = 'nvidia') =>
    record(
      journal,
      ledger,
      Array.from({ length: events }, () => party(`p-${(people += 1)}`)),
    );
  /** Until the newest checkpoint is of all events; what it says is what the journal says, and its log signed it. */
  const allSigned = (ledger = 'nvidia') =>
    eventually(async () => {
      const tree = (await readTree(journals.pool, ledger))!;
      const stored = await latestCheckpoint(journals.pool, ledger);
      expect(stored?.size).toBe(tree.size);
      const checkpoint = parseCheckpoint(stored!.note);
      expect(checkpoint).toMatchObject({ origin: `log.example/${ledger}`, size: tree.size });
      expect(Buffer.compare(checkpoint.root, tree.root())).toBe(0);
      const keys = await verifierKeys(ledger);
      expect(await signersOf(checkpoint.note, keys, onNode)).toContain(keys[0]);
      return stored!;
    });
  const verifierKeys = async (ledger = 'nvidia') =>
    Promise.all((await readSigningKeys(keyFile()))!.keys.map((key) => verifierKeyOf(key, `log.example/${ledger}`)));
  const status = async (ledger = 'nvidia') => (await signerStatus(journals.pool)).find((row) => row.ledger === ledger)!;
  /** The database as it was when the ledger had so many events, as a backup restores it. */
  const restore = async (size: number, roots: Buffer) => {
    const { pool } = journals;
    await journal.close();
    for (const table of ['events', 'event_entities'])
      await pool.query(`DELETE FROM journal.${table} WHERE ledger = 'nvidia' AND sequence > $1`, [size]);
    await pool.query(`DELETE FROM journal.checkpoints WHERE ledger = 'nvidia' AND size > $1`, [size]);
    await pool.query(`UPDATE journal.ledgers SET sequence = $1, tree_size = $1, tree = $2 WHERE ledger = 'nvidia'`, [
      size,
      roots,
    ]);
    journal = journals.make();
  };
  const backup = async (): Promise<[number, Buffer]> => {
    const tree = (await readTree(journals.pool, 'nvidia'))!;
    return [tree.size, Buffer.concat(tree.roots)];
  };

  it('publishes a checkpoint of each ledger after its commits, and of two signers one signs', async () => {
    const [one, other] = [start(), start()];
    await allSigned();
    await journals.openLedger(journal, 'amd');
    await add(3);
    await Promise.all([allSigned(), allSigned('amd')]);
    await eventually(() => {
      expect([one.state().state, other.state().state].toSorted()).toEqual(['signing', 'standing-by']);
    });
    await Promise.all([signers[one.state().state === 'signing' ? 0 : 1]!.stop(), add(1)]);
    await allSigned();
    expect(await status()).toMatchObject({ consumer: 'signer', lagEvents: 0, state: 'live' });
  });

  it('signs at once when a checkpoint is demanded, however long it would have waited', async () => {
    start({ every: 600_000 });
    const { size } = await allSigned();
    await add(1);
    expect(await demandCheckpoint(journals.pool, 'nvidia', size + 1, 0)).toBeUndefined();
    expect((await demandCheckpoint(journals.pool, 'nvidia', size + 1, 300_000))?.size).toBe(size + 1);
  });

  it.each(['stored', 'noted', 'published'])(
    'killed when a checkpoint is %s, it goes on with the same one, and no size ever has two roots',
    async (step) => {
      const [main, hooks] = ['checkpoints/signerProcess.ts', 'setup/typescript.mjs'].map(
        (path) => new URL(`../../../test/${path}`, import.meta.url).href,
      );
      const args = ['--conditions=source', '--import', hooks!, fileURLToPath(main!), journals.url, folder, step];
      const child = spawn(process.execPath, args, { stdio: 'inherit' });
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      expect(signal).toBe('SIGKILL');
      const { rows: before } = await journals.pool.query('SELECT size, root, note FROM journal.checkpoints');
      expect(before).toHaveLength(1);
      const noted = await readFile(join(folder, 'signing.published'), 'utf8');
      expect(noted).toHaveLength(step === 'stored' ? 0 : noted.length);
      // Part of a line that was being written.
      await writeFile(join(folder, 'signing.published'), `${noted}log.example/nvidia 9`);
      start();
      await allSigned();
      expect((await checkpointsAfter(journals.pool, 'nvidia', 0, 9))[0]).toMatchObject(before[0] as object);
      await add(2);
      await allSigned();
    },
  );

  it('refuses what is not what it published, by the file that it keeps, says why, and signs other ledgers', async () => {
    await journals.openLedger(journal, 'amd');
    const old = await backup();
    const signer = start();
    await allSigned();
    await add(4);
    const newer = await allSigned();
    await stopAll();
    await restore(...old);
    const again = start();
    await eventually(async () => {
      expect(await status()).toMatchObject({
        ...{ state: 'parked', head: old[0] },
        reason: expect.stringMatching(
          new RegExp(`ends at ${old[0]}, and a checkpoint of ${newer.size} events was published`),
        ),
        advice: expect.stringMatching(/restore a newer backup/),
      });
      expect(again.trouble.refused).toBe(1);
    });
    expect(signer.state().state).toBe('stopped');
    await add(2, 'amd');
    await allSigned('amd');
    // Gone on from there, with other events.
    await add(6);
    await eventually(async () => {
      expect((await status()).reason).toMatch(
        /the first \d+ events are not those of the checkpoint .*: the journal was changed/,
      );
    });
    expect((await latestCheckpoint(journals.pool, 'nvidia'))?.size).toBe(old[0]);
  });

  it('refuses a journal that was changed behind the events that it signed, and one size with two roots', async () => {
    start();
    await allSigned();
    await stopAll();
    const { pool } = journals;
    // Rewritten, and everything that follows from it as well.
    await pool.query(`UPDATE journal.events SET leaf_hash = sha256('other') WHERE sequence = 2`);
    await pool.query(`UPDATE journal.ledgers SET tree_size = 0, tree = ''`);
    await growTree(pool, 'nvidia', 1_000);
    start();
    await eventually(async () => {
      expect((await status()).state).toBe('parked');
    });
    await stopAll();
    await pool.query(`UPDATE journal.checkpoints SET root = sha256('other')`);
    start();
    await eventually(async () => {
      expect((await status()).reason).toMatch(
        /two checkpoints of \d+ events were published, and disagree: the database/,
      );
    });
  });

  describe('with a witness', () => {
    const servers: Server[] = [];
    let watching: { key: string; url: string };
    afterEach(async () => {
      for (const server of servers.splice(0)) await new Promise((closed) => server.close(closed));
    });

    /** A witness of the ledger nvidia, on its own files. */
    const startWitness = async () => {
      const own = { path: join(folder, 'witness.key'), setting: '--data' };
      await makeSigningKeys(own, 'witness.example/w1');
      const keys = async () => (await readSigningKeys(own))!;
      const witness = new Witness({ folder: join(folder, 'witness'), keys, logs: await verifierKeys() });
      const server = witnessServer(witness, () => undefined);
      servers.push(server);
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const key = await verifierKeyOf((await keys()).keys[0]!, 'witness.example/w1', COSIGNATURE);
      watching = { key: formatVerifierKey(key), url: `http://127.0.0.1:${port}` };
      return key;
    };
    const cosigners = async (key: VerifierKey, { pool } = journals) =>
      (await cosignaturesOf(parseCheckpoint((await latestCheckpoint(pool, 'nvidia'))!.note).note, [key], onNode))
        .length;

    it('publishes what the witness has cosigned, and goes on without one that is away', async () => {
      await makeSigningKeys(keyFile(), 'log.example');
      const key = await startWitness();
      const other = await verifierKeyOf((await readSigningKeys(keyFile()))!.keys[0]!, 'away.example', COSIGNATURE);
      const away = { key: formatVerifierKey(other), url: 'http://127.0.0.1:9' };
      start({ witnesses: [away, watching] });
      for (const events of [0, 2, 1]) {
        await add(events);
        await allSigned();
        await eventually(async () => {
          expect(await cosigners(key)).toBe(1);
        });
      }
      expect((await verifierKeysOf(journals.pool, 'nvidia')).witnesses).toEqual([watching.key]);
      const { size } = (await latestCheckpoint(journals.pool, 'nvidia'))!;
      const row = { consumer: 'witness witness.example/w1', ledger: 'nvidia', head: size };
      expect(await witnessStatus(journals.pool)).toEqual([
        { ...row, version: null, sequence: size, lagEvents: 0, lagSeconds: 0, state: 'live' },
      ]);
      // One that does not come any more stays where it was.
      for (const server of servers.splice(0)) server.close().closeAllConnections();
      await add(2);
      await allSigned();
      expect(await witnessStatus(journals.pool)).toMatchObject([{ sequence: size, head: size + 2, lagEvents: 2 }]);
      // Until it is asked no more; its key stays, for what it has cosigned, and it is back when it is asked again.
      for (const witnesses of [[away], [away, watching]]) {
        await stopAll();
        start({ witnesses });
        await add(1);
        await allSigned();
        const names = (await witnessStatus(journals.pool)).map(({ consumer }) => consumer);
        expect(names).toEqual(witnesses.length === 1 ? [] : ['witness witness.example/w1']);
        expect((await verifierKeysOf(journals.pool, 'nvidia')).witnesses).toEqual([watching.key]);
      }
    });

    it('two services that sign different histories with one key get one cosignature between them, and the other stops', async () => {
      await makeSigningKeys(keyFile(), 'log.example');
      const key = await startWitness();
      await add(3);
      start({ witnesses: [watching] });
      await allSigned();
      await eventually(async () => {
        expect(await cosigners(key)).toBe(1);
      });
      const others = await TestJournals.start();
      try {
        await others.openLedger(others.make(), 'nvidia');
        const { url, pool } = others;
        start({ url, pool, stateFile: join(folder, 'others.published'), witnesses: [watching] });
        await eventually(async () => {
          const [row] = await signerStatus(pool);
          expect(row?.reason).toMatch(/was published \(the witness witness.example\/w1 knows it\)/);
        });
        expect(await latestCheckpoint(pool, 'nvidia')).toBeUndefined();
        expect((await verifierKeysOf(pool, 'nvidia')).witnesses).toEqual([]);
      } finally {
        await stopAll();
        await others.end();
      }
    });
  });

  it('after a rotation the newest checkpoint has the signatures of both keys, also of a ledger in which nothing happens', async () => {
    start();
    const before = await allSigned();
    await rotateSigningKeys(keyFile(), 3_600_000);
    await eventually(async () => {
      const { note, size } = (await latestCheckpoint(journals.pool, 'nvidia'))!;
      const keys = await verifierKeys();
      expect(keys).toHaveLength(2);
      expect(await signersOf(parseCheckpoint(note).note, keys, onNode)).toEqual(keys);
      expect(size).toBe(before.size);
    });
  });

  it('a rotation that is killed at any step leaves whole keys, and what is signed before and after it never disagrees', async () => {
    start();
    await allSigned();
    const env = { LADING_DATA: folder, LADING_ORIGIN: 'log.example', LADING_SIGNING_KEY: '' };
    for (const [step, keys] of [
      ['before signing.key', 1],
      ['after signing.key', 2],
    ] as const) {
      const rotation = await killedProgram(step, ['signing-keys', 'rotate'], env);
      const [, signal] = (await once(rotation, 'exit')) as [number | null, string | null];
      expect([step, signal, await verifierKeys()]).toMatchObject([step, 'SIGKILL', { length: keys }]);
      await stopAll();
      start();
      await add(2);
      const { note } = await allSigned();
      expect(await signersOf(parseCheckpoint(note).note, await verifierKeys(), onNode)).toHaveLength(keys);
    }
    const all = await checkpointsAfter(journals.pool, 'nvidia', 0, 100);
    const tree = (await readTree(journals.pool, 'nvidia'))!;
    const nodes = readNodes(journals.pool, 'nvidia', tree.size);
    for (const { size, root } of all) expect(Buffer.compare(await rootHash(size, nodes, onNode), root)).toBe(0);
    expect(all.length).toBeGreaterThanOrEqual(3);
  });

  it('does not replace a key that was lost, and says what to do', async () => {
    start();
    await allSigned();
    await stopAll();
    await rm(keyFile().path);
    const signer = start();
    await eventually(() => {
      expect(signer.state()).toMatchObject({
        state: 'waiting',
        reason: expect.stringMatching(/is gone.*put back a copy/),
      });
    });
    expect(await readSigningKeys(keyFile())).toBeUndefined();
  });

  describeKafka('with Kafka', () => {
    it('publishes to the compacted topic, which knows what was published when the database and the file do not', async () => {
      const kafka = { brokers: brokers(), clientId: 'test-signer', topic: { topic: freshTopicName(), partitions: 1 } };
      const topics = new Topics(brokers());
      const old = await backup();
      start({ kafka });
      await allSigned();
      await journal.submit('nvidia', item('H300'));
      const newer = await allSigned();
      const read = async () => {
        const found = new Map<string, Buffer>();
        for await (const { origin, note } of readCheckpointTopic(topics.kafka, kafka.topic.topic))
          found.set(origin, note);
        return found;
      };
      await eventually(async () => {
        expect((await read()).get(newer.origin)).toEqual(newer.note);
      });
      await stopAll();
      await rm(join(folder, 'signing.published'));
      await restore(...old);
      start({ kafka });
      await eventually(async () => {
        expect((await status()).reason).toMatch(/\(Kafka knows it\)/);
      });
      await topics.delete(kafka.topic.topic);
    });
  });
});
