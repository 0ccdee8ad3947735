import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { publishCheckpoint, storeCheckpoint } from '#checkpoints/checkpoints';
import { growTree, readTree } from '#journal/tree';
import { formatCheckpoint } from '#proofs/checkpoint';
import { CompactRange, leafHash } from '#proofs/compactRange';
import { onNode } from '#proofs/onNode';
import { ED25519, formatNote, formatVerifierKey, signNote, verifierKey } from '#proofs/signedNote';
import { entriesIn, tilePath, type Tile } from '#proofs/tiles';
import { verifyConsistency, verifyInclusion } from '#proofs/treeProofs';
import { cast, order } from '#test/journal/submissions';
import { record } from '#test/journal/testJournal';
import { describeGo } from '#test/setup/go';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { ADMIN_KEY, type QueryService, startQuery } from '#test/setup/startQuery';

const SIZE = 270;
const L = '/v1/ledgers/nvidia';

let query: QueryService;
let entries: Buffer[];
let leaves: Buffer[];
let party: string;
beforeAll(async () => {
  query = await startQuery({ project: false });
  const people = cast();
  await record(query.journal, 'nvidia', people);
  const orders = Array.from({ length: SIZE - 1 - people.length }, (_, n) => order(`PO-${n}`, 'tesla', 1));
  await record(query.journal, 'nvidia', orders);
  const { rows } = await query.pool.query<{ bytes: Buffer }>('SELECT bytes FROM journal.events ORDER BY sequence');
  entries = rows.map(({ bytes }) => bytes);
  leaves = entries.map(leafHash);
  party = await query.key({ name: 'of-tesla', roles: ['read'], party: 'tesla' });
});
afterAll(() => query.stop());

/** Exactly the bytes that are sent: fetch would unpack them. */
function raw(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; bytes: Buffer }>((resolve, reject) => {
    const sent = request(
      `${query.url}${path}`,
      { method, headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers } },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(parts) });
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

const rootOf = (size: number): Buffer => {
  const tree = new CompactRange();
  for (const leaf of leaves.slice(0, size)) tree.append(leaf);
  return Buffer.from(tree.root());
};
/** What is compared in the place of megabytes. */
const hashesOfAll = (all: readonly Uint8Array[]) => all.map((bytes) => leafHash(bytes).toString('hex'));
const hashesOf = (proof: readonly string[]) => proof.map((text) => Buffer.from(text, 'base64'));

describe('the tiles of a ledger', () => {
  const tiles: [Tile, () => Buffer][] = [
    [{ level: 0, index: 0, width: 256 }, () => Buffer.concat(leaves.slice(0, 256))],
    [{ level: 0, index: 0, width: 1 }, () => leaves[0]!],
    [{ level: 0, index: 1, width: SIZE - 256 }, () => Buffer.concat(leaves.slice(256))],
    [{ level: 0, index: 1, width: 3 }, () => Buffer.concat(leaves.slice(256, 259))],
    [{ level: 1, index: 0, width: 1 }, () => rootOf(256)],
  ];
  it.each(tiles)('a client of transparency logs gets %j under its C2SP path, to keep for ever', async (tile, bytes) => {
    const answer = await query.get(`${L}/${tilePath(tile)}`, { key: party });
    expect(answer.status).toBe(200);
    expect(answer.bytes).toEqual(bytes());
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const etag = answer.headers.get('etag') ?? '';
    const again = await query.get(`${L}/${tilePath(tile)}`, { headers: { 'if-none-match': etag } });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
  });

  it('a path with slashes in its index, written as they are or encoded, is read as C2SP writes it', async () => {
    const encoded = await query.get(`${L}/tile/0/001.p%2F3`);
    expect(encoded.bytes).toEqual(Buffer.concat(leaves.slice(256, 259)));
    for (const path of [
      'tile/0/x001/x234/067',
      'tile/0/x001/234.p/9',
      'tile/entries/x001/234.p/9',
      'tile/6/x999/x999/x999/x999/999.p/9',
    ]) {
      const { status, body } = await query.get(`${L}/${path}`);
      expect([status, body.code]).toEqual([404, 'not-found']);
      expect(body.detail).toContain(`has ${SIZE} leaves, and no`);
      expect((await query.get(`${L}/${path}`, { key: null })).status).toBe(401);
    }
  });

  it.each([
    ...[
      'tile/0/0',
      'tile/0/x000/000',
      'tile/00/000',
      'tile/64/000',
      'tile/-1/000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
    ],
    ...['tile/0/000.p/03', 'tile/0/001/002', 'tile/data/000', 'tile/entries/0', 'tile/0/000.p/', 'tile/0/x1/002'],
    ...['tile/0/..%2f..%2fcheckpoint', 'tile/0/%00', 'tile/9999999999999999999/000'],
  ])('%s is not the path of a tile: 404, with what one looks like', async (path) => {
    const { status, body } = await query.get(`${L}/${path}`);
    expect([status, body.code]).toEqual([404, 'not-found']);
    if (!path.endsWith('/')) expect(body.detail).toMatch(/not the path of a tile/);
  });

  it('what the tree does not have yet is 404 and says how many leaves there are; of no ledger is 404, too', async () => {
    for (const path of [
      `tile/0/001.p/${SIZE - 255}`,
      'tile/0/001',
      'tile/1/000.p/2',
      'tile/2/000.p/1',
      'tile/entries/001',
    ])
      expect(await query.get(`${L}/${path}`)).toMatchObject({ status: 404, body: { code: 'not-found', size: SIZE } });
    expect((await query.get('/v1/ledgers/nobody/tile/0/000')).body.code).toBe('unknown-ledger');
  });
});

describe('a tile or a proof that is asked for as nearly every client does', () => {
  it.each([
    ['tile/0/000', 'tile/0/000?'],
    ['tile/1/000.p/1', 'tile/1/000%2Ep/1?'],
    ['proofs/inclusion?sequence=17&size=270', 'proofs/inclusion?size=270&sequence=17'],
    ['proofs/consistency?from=17&to=270', 'proofs/consistency?to=270&from=17'],
  ])('is the same as any other, with its headers, and for nobody else: %s', async (usual, other) => {
    const [one, two] = [await raw(`${L}/${usual}`), await raw(`${L}/${other}`)];
    const lasting = ({ headers: { date: _, ...headers } }: typeof one) => headers;
    expect([one.status, one.bytes, lasting(one)]).toEqual([200, two.bytes, lasting(two)]);
    const etag = String(one.headers.etag);
    if (etag !== 'undefined') expect((await raw(`${L}/${usual}`, { 'if-none-match': etag })).status).toBe(304);
    expect((await raw(`${L}/${usual}`, {}, 'HEAD')).status).toBe(200);
    expect((await raw(`${L}/${usual}`, { authorization: 'Bearer nobody' })).status).toBe(401);
    const elsewhere = await query.key({
      name: `elsewhere-${randomBytes(4).toString('hex')}`,
      roles: ['read'],
      ledgers: ['other'],
    });
    expect((await query.get(`${L}/${usual}`, { key: elsewhere })).status).toBe(403);
  });
});

describe('the entry bundles of a ledger', () => {
  it('are the bytes of the events, each after its length, whole or partial, packed for who takes that', async () => {
    const whole = await raw(`${L}/tile/entries/000`);
    expect(hashesOfAll(entriesIn(whole.bytes, 256))).toEqual(hashesOfAll(entries.slice(0, 256)));
    expect(whole.headers).toMatchObject({ 'content-length': String(whole.bytes.length), vary: 'accept-encoding' });
    const [, last] = entriesIn((await raw(`${L}/tile/entries/001.p/2`)).bytes, 2);
    expect(Buffer.from(last!)).toEqual(Buffer.from(entries[257]!));
    const packed = await raw(`${L}/tile/entries/000`, { 'accept-encoding': 'gzip' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.bytes).equals(whole.bytes)).toBe(true);
    for (const etag of [whole.headers.etag, packed.headers.etag] as string[])
      expect((await raw(`${L}/tile/entries/000`, { 'if-none-match': etag, 'accept-encoding': 'gzip' })).status).toBe(
        304,
      );
    const head = await raw(`${L}/tile/entries/000`, {}, 'HEAD');
    expect([head.status, head.headers['content-length'], head.bytes.length]).toEqual([
      200,
      String(whole.bytes.length),
      0,
    ]);
  });

  it('are refused to a key that speaks for a party, which may not read the events of others', async () => {
    const { status, body } = await query.get(`${L}/tile/entries/000`, { key: party });
    expect([status, body.code]).toEqual([403, 'forbidden']);
    expect(body.detail).toMatch(/speaks for tesla: read what concerns it at events/);
  });

  it('of large events are sent as they are read, whole and byte for byte', async () => {
    await query.journal.open('large', { name: 'Large', keeper: 'nvidia' }, 'admin');
    const large = Array.from({ length: 60 }, (_, n) => randomBytes(65_535 - n));
    await query.pool.query(
      `INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
       SELECT 'large', n + 1, now(), now(), 's', n::text, 't', 's', sha256(b), sha256('\\x00'::bytea || b), b
         FROM unnest($1::bytea[]) WITH ORDINALITY AS r (b, n)`,
      [large],
    );
    await query.pool.query(`UPDATE journal.ledgers SET sequence = 61 WHERE ledger = 'large'`);
    await growTree(query.pool, 'large', 100);
    expect((await readTree(query.pool, 'large'))?.size).toBe(61);
    for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
      const answer = await raw('/v1/ledgers/large/tile/entries/000.p/61', headers);
      const bytes = 'accept-encoding' in headers ? gunzipSync(answer.bytes) : answer.bytes;
      expect(hashesOfAll(entriesIn(bytes, 61).slice(1))).toEqual(hashesOfAll(large));
    }
    const head = await raw('/v1/ledgers/large/tile/entries/000.p/61', {}, 'HEAD');
    expect(Number(head.headers['content-length'])).toBeGreaterThan(3_900_000);
  });
});

describe('proofs over HTTP', () => {
  it('an event’s inclusion verifies with nothing but its bytes and a root, in the tree of any size', async () => {
    for (const [sequence, size] of [
      [1, 1],
      [1, SIZE],
      [256, 256],
      [200, 257],
      [257, 257],
      [SIZE, SIZE],
    ] as const) {
      const { status, body, headers } = await query.get<{ index: number; proof: string[] }>(
        `${L}/proofs/inclusion?sequence=${sequence}&size=${size}`,
        { key: party },
      );
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toContain('immutable');
      expect(body).toMatchObject({ ledger: 'nvidia', sequence, size, index: sequence - 1 });
      const tree = { leaf: leaves[sequence - 1]!, index: body.index, size, root: rootOf(size) };
      expect(await verifyInclusion(tree, hashesOf(body.proof), onNode)).toBe(true);
    }
  });

  it('consistency verifies between the trees of any two sizes', async () => {
    for (const [from, to] of [
      [0, 5],
      [1, 2],
      [7, 7],
      [255, 256],
      [100, 257],
      [256, SIZE],
      [269, SIZE],
    ] as const) {
      const { body } = await query.get<{ proof: string[] }>(`${L}/proofs/consistency?from=${from}&to=${to}`);
      const [older, newer] = [from, to].map((size) => ({ size, root: rootOf(size) }));
      expect(await verifyConsistency(older!, newer!, hashesOf(body.proof), onNode)).toBe(true);
    }
  });

  it.each([
    ['inclusion?sequence=3', 400, '/size'],
    ['inclusion?size=3', 400, '/sequence'],
    ['inclusion?sequence=0&size=3', 400, '/sequence'],
    ['inclusion?sequence=4&size=3', 400, '/sequence'],
    ['inclusion?sequence=1.5&size=3', 400, '/sequence'],
    ['inclusion?sequence=1&size=3&at=2023-12-31', 400, '/at'],
    ['consistency?from=3&to=2', 400, '/from'],
    ['consistency?from=3', 400, '/to'],
    ['consistency?from=3&to=99999999999999999', 400, '/to'],
  ])('%s is refused, and says which parameter is wrong', async (asked, status, pointer) => {
    const answer = await query.get(`${L}/proofs/${asked}`);
    expect([answer.status, answer.body.errors.map((one) => one.pointer)]).toEqual([status, [pointer]]);
  });

  it('of a size that the tree does not have yet is 404, and says which it has', async () => {
    for (const asked of [`inclusion?sequence=1&size=${SIZE + 1}`, `consistency?from=1&to=9007199254740991`])
      expect(await query.get(`${L}/proofs/${asked}`)).toMatchObject({ status: 404, body: { size: SIZE } });
    expect((await query.get('/v1/ledgers/nobody/proofs/inclusion?sequence=1&size=1')).body.code).toBe('unknown-ledger');
  });
});

describe('the checkpoints of a ledger', () => {
  it('are listed for who comes late: all that were published, page by page, as they were signed', async () => {
    const path = '/v1/ledgers/listed/checkpoints';
    await query.journal.open('listed', { name: 'Listed', keeper: 'nvidia' }, 'admin');
    expect((await query.get(path)).body).toMatchObject({ ledger: 'listed', sequence: 0, data: [], next: null });
    const made = [
      [1, 'log.example/listed'],
      [2, 'a.example/listed'],
      [2, 'log.example/listed'],
      [9, 'log.example/listed'],
    ] as const;
    for (const [size, origin] of made) {
      const checkpoint = {
        ledger: 'listed',
        origin,
        size,
        root: Buffer.alloc(32, size),
        note: Buffer.from(`${origin} ✓\n`),
      };
      await storeCheckpoint(query.pool, checkpoint, []);
      // The largest one is stored only.
      if (size < 9) await publishCheckpoint(query.pool, checkpoint);
    }
    const listed: unknown[] = [];
    let asked = `${path}?limit=1`;
    for (;;) {
      const { status, body } = await query.get<{ data: object[]; next: string | null; sequence: number }>(asked, {
        key: await query.key({ name: `audit-${listed.length}`, roles: ['audit'] }),
      });
      expect([status, body.sequence]).toEqual([200, 2]);
      listed.push(...body.data);
      if (body.next === null) break;
      asked = `${path}?limit=1&cursor=${body.next}`;
    }
    expect(listed).toEqual(
      made.slice(0, 3).map(([size, origin]) => ({
        ...{ size, origin, root: Buffer.alloc(32, size).toString('base64'), note: `${origin} ✓\n` },
        signed: expect.stringMatching(/^\d{4}-.*Z$/),
      })),
    );
    for (const wrong of ['cursor=x', 'cursor=WzEsMl0', 'limit=0', 'at=2023-12-31', 'size=1'])
      expect([wrong, (await query.get(`${path}?${wrong}`)).status]).toEqual([wrong, 400]);
    expect((await query.get('/v1/ledgers/nobody/checkpoints')).body.code).toBe('unknown-ledger');
  });
});

const STRANGER = join(packageRoot, 'test/stranger');

describeGo('a stranger’s auditor, which knows what C2SP says and nothing of Lading', STRANGER, () => {
  let folder: string;
  let auditor: string;
  beforeAll(async () => {
    folder = await temporaryFolder('stranger');
    auditor = await query.key({ name: 'auditor', roles: ['audit'], ledgers: ['nvidia', 'spoilt'] });
    const { code, said } = await run('go', ['build', '-o', join(folder, 'auditor'), '.']);
    expect([code, said]).toEqual([0, '']);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(program: string, args: readonly string[]) {
    const child = spawn(program, args, { cwd: STRANGER, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    return { code: child.exitCode, said: said.trim() };
  }

  /** Signs the ledger as it is. @returns the verifier key, and what an auditor with it says about the ledger now */
  async function signed(ledger: string): Promise<() => ReturnType<typeof run>> {
    const origin = `log.example/${ledger}`;
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const bytes = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const key = await verifierKey(origin, ED25519, bytes, onNode);
    const tree = (await readTree(query.pool, ledger))!;
    const root = Buffer.from(tree.root());
    const text = formatCheckpoint({ origin, size: tree.size, root, extensions: [] });
    const signature = await signNote(text, key, (data) => sign(null, data, privateKey));
    const note = Buffer.from(formatNote({ text, signatures: [signature] }));
    await storeCheckpoint(query.pool, { ledger, origin, size: tree.size, root, note }, [formatVerifierKey(key)]);
    await publishCheckpoint(query.pool, { ledger, origin, size: tree.size });
    return () => run(join(folder, 'auditor'), [`${query.url}/v1/ledgers/${ledger}/`, formatVerifierKey(key), auditor]);
  }

  it('verifies the whole ledger, given its address, the verifier key and a bearer token', async () => {
    const audit = await signed('nvidia');
    expect(await audit()).toEqual({ code: 0, said: `verified ${SIZE}` });
  });

  it('finds an event that was changed, and a checkpoint of somebody else', async () => {
    await query.journal.open('spoilt', { name: 'Spoilt', keeper: 'nvidia' }, 'admin');
    await record(query.journal, 'spoilt', cast());
    const audit = await signed('spoilt');
    await query.pool.query(
      `UPDATE journal.events SET bytes = set_byte(bytes, 40, 33) WHERE ledger = 'spoilt' AND sequence = 3`,
    );
    expect(await audit()).toEqual({ code: 1, said: 'entry 2 is not the one in the tree' });
    await signed('spoilt');
    expect((await audit()).said).toMatch(/note has no verifiable signatures/);
  });
});
