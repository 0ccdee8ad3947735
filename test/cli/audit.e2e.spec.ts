import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip, gunzip, gzip } from 'node:zlib';
import { TAR_END, tarMember } from '#audit/tar';
import { publishCheckpoint, storeCheckpoint } from '#checkpoints/checkpoints';
import type { Journal } from '#journal/journal';
import { growTree } from '#journal/tree';
import { readBytes } from '#journal/reader';
import { parseCheckpoint } from '#proofs/checkpoint';
import { formatVerifierKey } from '#proofs/signedNote';
import { tarMembers } from '#proofs/tarMembers';
import { aKeeper, checkpointOf, type Signer } from '#test/audit/signedLedger';
import { item, order, party, reassign } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import { askLading, type Ran } from './runLading.ts';

const LEDGER = 'nvidia';
/** What a mirror answers that breaks off. */
const BROKEN = Buffer.from('broken off');

describe('an auditor at the command line', () => {
  let here: TestJournals;
  let there: TestJournals;
  let journal: Journal;
  let folder: string;
  let bundle: string;
  let keeper: Signer;
  let key: string;
  beforeAll(async () => {
    [here, there] = [await TestJournals.start(), await TestJournals.start()];
    journal = here.make();
    keeper = await aKeeper();
    key = formatVerifierKey(keeper.key);
    folder = await mkdtemp(join(tmpdir(), 'lading-audit-'));
    bundle = join(folder, 'nvidia.bundle');
    await journal.open(LEDGER, { name: 'The book', keeper: 'nvidia' }, 'admin');
    await record(journal, LEDGER, [party('nvidia', ['supplier']), party('tesla'), party('x'), item('H100')]);
    await record(
      journal,
      LEDGER,
      Array.from({ length: 260 }, (_, n) => order(`PO-${n}`, 'tesla', 10)),
    );
    await sign(100);
    await record(journal, LEDGER, [reassign('R-1', 'PO-7', 'tesla', 'x', 4)]);
    await sign(266);
  });
  afterAll(async () => {
    await Promise.all([here.end(), there.end()]);
    await rm(folder, { recursive: true });
  });

  async function sign(size: number): Promise<void> {
    const events = (await readBytes(here.pool, LEDGER, 0, size)).map(({ bytes }) => bytes);
    expect(events).toHaveLength(size);
    const note = await checkpointOf(events, keeper);
    const { origin, root } = parseCheckpoint(note);
    const checkpoint = { ledger: LEDGER, origin, size, root: Buffer.from(root), note };
    await storeCheckpoint(here.pool, checkpoint, [key]);
    await publishCheckpoint(here.pool, checkpoint);
  }

  const run = (args: readonly string[], { url } = here): Promise<Ran> =>
    askLading(args, { DATABASE_URL: url, LADING_DATA: folder, LADING_VERIFIER_KEY: '' });
  const verify = async (...args: string[]) => {
    const ran = await run(['verify', '-l', LEDGER, '--json', '--verifier-key', key, ...args]);
    return { code: ran.code, said: ran.said, ...(JSON.parse(ran.output || '{}') as object) };
  };

  it('verifies a ledger from its database, from a bundle, and from a mirror of the files in it, to the same root', async () => {
    const verified = await verify();
    expect(verified).toMatchObject({ code: 0, outcome: 'verified', size: 266, checkpoints: 2, uncovered: 0 });
    expect(await run(['export', '-l', LEDGER, '-o', bundle])).toMatchObject({
      code: 0,
      said: `266 events of nvidia are in ${bundle}.\n`,
    });
    const { root } = verified as unknown as { root: string };
    expect(await verify('--file', bundle)).toMatchObject({ code: 0, outcome: 'verified', size: 266, root });
    await withMirror(bundle, async (url) => {
      expect(await verify('--mirror', url)).toMatchObject({ code: 0, outcome: 'verified', size: 266, root });
    });
    // Somebody who changes what a mirror answers, or breaks it off.
    const behind = async (change: (path: string, file: Buffer | undefined) => Buffer | undefined) => {
      let found: object = {};
      await withMirror(
        bundle,
        async (url) => {
          found = await verify('--mirror', url, '--no-state');
        },
        change,
      );
      return found;
    };
    expect(
      await behind((path, file) =>
        path.endsWith('entries/000')
          ? Buffer.from(file!.toString('latin1').replace('"PO-7"', '"PO-8"'), 'latin1')
          : file,
      ),
    ).toMatchObject({
      ...{ code: 6, outcome: 'tampered', first: 13, last: 13, lastGood: 12 },
    });
    expect(await behind((path, file) => (path.endsWith('entries/000') ? BROKEN : file))).toMatchObject({
      code: 7,
    });
    expect(await behind((path, file) => (path.endsWith('/checkpoint') ? BROKEN : file))).toMatchObject({
      ...{ code: 4, said: expect.stringMatching(/\/checkpoint broke off/) },
    });
    expect(await run(['verify', '-l', LEDGER, '--file', bundle, '--verifier-key', key])).toMatchObject({
      code: 0,
      output: expect.stringMatching(
        /^nvidia is verified: its first 266 events are those that localhost\/test\/nvidia signed[.]\n/,
      ),
    });
  });

  it('says with 7 what it cannot say, with 6 what is wrong, and in words what to do', async () => {
    const unsigned = await run(['verify', '-l', LEDGER, '--file', bundle]);
    expect(unsigned).toMatchObject({ code: 7, said: expect.stringMatching(/no verifier key was given/) });
    const cut = join(folder, 'cut.bundle');
    await writeFile(cut, (await readFile(bundle)).subarray(0, 9_000));
    expect(await verify('--file', cut)).toMatchObject({ code: 7, outcome: 'unknown' });
    // All events are there, and not the sum of what is compressed.
    const short = join(folder, 'short.bundle');
    await writeFile(short, (await readFile(bundle)).subarray(0, -3));
    for (const args of [
      ['verify', '-l', LEDGER, '--file', short, '--verifier-key', key],
      ['import', short, '--verifier-key', key],
      ['replay', '-l', LEDGER, '--file', short, '--no-events'],
    ])
      expect(await run(args, there)).toMatchObject({ code: 7, said: expect.stringMatching(/the file ends before/) });
    const changed = join(folder, 'changed.bundle');
    const archive = await promisify(gunzip)(await readFile(bundle));
    archive.write('PO-8', archive.indexOf('"PO-7"') + 1);
    await writeFile(changed, await promisify(gzip)(archive));
    const found = await verify('--file', changed);
    expect(found).toMatchObject({ code: 6, outcome: 'tampered', first: 13, last: 13, lastGood: 12 });
    expect(found.said).toMatch(/nvidia is not as it was signed[.] Event 13: .*[.] The last good one is event 12[.]/);
    expect(await verify('--file', join(folder, 'none.bundle'))).toMatchObject({ code: 2 });
    expect(await verify('--witness', key, '--quorum', '2')).toMatchObject({ code: 2 });
  });

  it('exports what is about an order with a proof each, and finds what was changed in it', async () => {
    const some = join(folder, 'po-7.bundle');
    expect(await run(['export', '-l', LEDGER, '--order', 'PO-7', '-o', some])).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^2 events/),
    });
    expect(await verify('--file', some)).toMatchObject({ code: 0, events: 2, size: 266 });
    const archive = await promisify(gunzip)(await readFile(some));
    const at = archive.indexOf('extra ') + 400;
    archive[at] = archive[at] === 0x41 ? 0x42 : 0x41;
    await writeFile(some, await promisify(gzip)(archive));
    expect(await verify('--file', some)).toMatchObject({ code: 6, outcome: 'tampered', first: 13 });
  });

  it('makes the evidence of an event out of a bundle alone, and none of what is not as it was signed', async () => {
    const file = join(folder, 'event.tlog-proof');
    const evidence = (from: string, sequence: number, ...args: string[]) =>
      run(['evidence', '--bundle', from, '-s', String(sequence), '--out', file, ...args]);
    for (const [sequence, size, args] of [
      [1, 100, []],
      [100, 100, []],
      [13, 266, ['--size', '101']],
      [257, 266, []],
      [266, 266, []],
    ] as const) {
      expect(await evidence(bundle, sequence, '--verifier-key', key, ...args)).toMatchObject({
        ...{ code: 0, said: expect.stringContaining(`in a checkpoint of ${size} events`) },
      });
      expect(await run(['evidence', file, '--verifier-key', key])).toMatchObject({
        ...{ code: 0, output: expect.stringContaining(`Verified: event ${sequence}`) },
      });
    }
    const some = join(folder, 'of-po-9.bundle');
    await run(['export', '-l', LEDGER, '--order', 'PO-9', '-o', some]);
    expect(await evidence(some, 15, '--html', '--verifier-key', key)).toMatchObject({ code: 0 });
    // By the key that the bundle names itself.
    expect(await evidence(some, 15)).toMatchObject({
      ...{ code: 7, said: expect.stringMatching(/nothing but the key that came with it/) },
    });
    expect(await evidence(some, 16)).toMatchObject({ code: 7 });
    // The evidence of another event under the name of this one.
    const renamed = join(folder, 'renamed.bundle');
    const members: Buffer[] = [];
    for await (const { name, bytes } of tarMembers(createReadStream(some).pipe(createGunzip())))
      members.push(tarMember({ name: name.replace(/0+15\.tlog/, `${'16'.padStart(16, '0')}.tlog`), bytes }));
    await writeFile(renamed, await promisify(gzip)(Buffer.concat([...members, TAR_END])));
    expect(await evidence(renamed, 16)).toMatchObject({
      code: 6,
      said: expect.stringMatching(/evidence of event 15 /),
    });
    expect(await evidence(bundle, 267)).toMatchObject({ code: 7, said: expect.stringMatching(/no checkpoint in it/) });
    expect(await evidence(join(folder, 'changed.bundle'), 13)).toMatchObject({ code: 6 });
    expect(await evidence(join(folder, 'cut.bundle'), 266)).toMatchObject({ code: 7 });
    expect(await evidence(join(folder, 'none.bundle'), 1)).toMatchObject({ code: 2 });
    expect(await evidence(bundle, 1, '-l', 'other')).toMatchObject({ code: 2 });
  });

  it('exports nothing of a journal that lacks an event, or has one that cannot be read', async () => {
    const out = join(folder, 'damaged.bundle');
    await here.pool.query('CREATE TABLE kept AS SELECT * FROM journal.events WHERE sequence = 13');
    await here.pool.query('UPDATE journal.events SET bytes = set_byte(bytes, 40, 65) WHERE sequence = 13');
    const changed = await run(['export', '-l', LEDGER, '--order', 'PO-7', '-o', out]);
    await here.pool.query('DELETE FROM journal.events WHERE sequence = 13');
    const gone = await run(['export', '-l', LEDGER, '-o', out]);
    await here.pool.query('INSERT INTO journal.events SELECT * FROM kept; DROP TABLE kept');
    expect(changed).toMatchObject({ code: 6, said: expect.stringMatching(/the journal is damaged/) });
    expect(gone).toMatchObject({ code: 6, said: expect.stringMatching(/after event 12 comes event 14/) });
    expect((await readdir(folder)).filter((name) => name.startsWith('damaged.'))).toEqual([]);
  });

  it('imports a bundle elsewhere with the same root, goes on with a longer one, and refuses one of other events', async () => {
    const into = (file: string) => run(['import', file, '--verifier-key', key], there);
    expect(await into(bundle)).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^266 events of nvidia were imported/),
    });
    expect(await into(bundle)).toMatchObject({ code: 0, said: expect.stringMatching(/nothing was imported/) });
    await record(journal, LEDGER, [order('PO-A', 'x', 1), order('PO-B', 'x', 1)]);
    await sign(268);
    const longer = join(folder, 'longer.bundle');
    await run(['export', '-l', LEDGER, '-o', longer]);
    expect(await into(longer)).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^2 events of nvidia were imported/),
    });
    const trees = await Promise.all(
      [here, there].map(({ pool }) => pool.query('SELECT sequence, tree FROM journal.ledgers')),
    );
    expect(trees[1]!.rows).toEqual(trees[0]!.rows);
    await record(there.make(), LEDGER, [order('PO-C', 'x', 1)]);
    await record(journal, LEDGER, [order('PO-D', 'x', 1)]);
    await sign(269);
    await run(['export', '-l', LEDGER, '-o', longer]);
    expect(await into(longer)).toMatchObject({
      code: 6,
      said: expect.stringMatching(/not the first ones of the bundle/),
    });
    // A bundle is also what a replay reads.
    const replayed = await run(['replay', '-l', LEDGER, '--file', longer, '--no-holdings']);
    const fromJournal = await run(['replay', '-l', LEDGER, '--no-holdings']);
    expect(replayed.output === fromJournal.output && replayed.code === 0).toBe(true);
  });

  it('finds the event that was rewritten since an earlier run, though all was hashed and signed anew', async () => {
    const rewritten = join(folder, 'rewritten.bundle');
    expect(await verify('--file', join(folder, 'longer.bundle'))).toMatchObject({ code: 0, size: 269 });
    expect(await readdir(join(folder, 'audit'))).toHaveLength(2);
    await here.pool.query(`
      UPDATE journal.events SET bytes = replace(convert_from(bytes, 'UTF8'), '"quantity":10', '"quantity":99')::bytea WHERE sequence = 20;
      UPDATE journal.events SET leaf_hash = sha256('\\x00'::bytea || bytes) WHERE sequence = 20;
      UPDATE journal.ledgers SET tree_size = 0, tree = '';
      DELETE FROM journal.checkpoints`);
    await growTree(here.pool, LEDGER, 1_000);
    await sign(269);
    await run(['export', '-l', LEDGER, '-o', rewritten]);
    expect(await verify('--file', rewritten, '--no-state')).toMatchObject({ code: 0, size: 269 });
    // Also by some events that are not those: their checkpoint is of as many as the one that was kept.
    const some = join(folder, 'rewritten-po-7.bundle');
    await run(['export', '-l', LEDGER, '--order', 'PO-7', '-o', some]);
    expect(await verify('--file', some, '--no-state')).toMatchObject({ code: 0, size: 269 });
    expect(await verify('--file', some)).toMatchObject({ code: 6, first: 1, last: 269, evidence: expect.any(String) });
    const found = await verify('--file', rewritten);
    expect(found).toMatchObject({
      code: 6,
      first: 20,
      last: 20,
      lastGood: 19,
      evidence: expect.stringMatching(/fork/),
    });
    const { evidence } = found as unknown as { evidence: string };
    expect((await readFile(evidence, 'utf8')).match(/^269$/gm)).toHaveLength(2);
  });

  /** Serves what is in a bundle as static files. */
  async function withMirror(
    file: string,
    work: (url: string) => Promise<void>,
    change = (_: string, bytes: Buffer | undefined) => bytes,
  ): Promise<void> {
    const files = new Map<string, Buffer>();
    for await (const { name, bytes } of tarMembers(createReadStream(file).pipe(createGunzip())))
      files.set(`/log/${name}`, Buffer.from(bytes));
    const server: Server = createServer(({ url = '' }, response) => {
      const bytes = change(url, files.get(url));
      if (bytes === BROKEN) response.writeHead(200, { 'content-length': 9 }).write('12', () => response.destroy());
      else response.writeHead(bytes ? 200 : 404).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/log`);
    } finally {
      server.close();
    }
  }
});
